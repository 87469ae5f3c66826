#include "platform/helper_process.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "platform/memory.hpp"
#include "platform/socket.hpp"
#include "platform/thread.hpp"

namespace vss::platform {
namespace {

[[noreturn]] void run_child(std::span<const int> keep, const std::function<void()>& body,
                            pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before the line above
  keep_only_descriptors(keep);
  body();
  ::_exit(0);
}

base::Result<pid_t> fork_child(std::span<const int> keep, const std::function<void()>& body) {
  const pid_t parent = ::getpid();
  const UnforkedHeap unforked;
  const pid_t child = ::fork();
  if (child < 0) {
    return base::fail(std::string("cannot start a helper: ") + std::strerror(errno), errno);
  }
  if (child == 0) run_child(keep, body, parent);
  return child;
}

// A child that ends without a word has said on standard error why.
[[noreturn]] void wait_for_child(pid_t child, int report) {
  char word = 0;
  ssize_t size = 0;
  while ((size = ::read(report, &word, 1)) < 0 && errno == EINTR) {
  }
  if (size == 1) ::_exit(0);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

}  // namespace

base::Result<HelperProcess> HelperProcess::start(const std::function<void(int)>& body) {
  auto pair = socket_pair();
  if (!pair) return std::unexpected(pair.error());
  const int socket = pair->second.get();
  const auto child = fork_child(std::array{socket}, [&] {
    ::fcntl(socket, F_SETFL, 0);
    body(socket);
  });
  if (!child) return std::unexpected(child.error());
  HelperProcess helper;
  helper.process_ = *child;
  helper.socket_ = std::move(pair->first);
  return helper;
}

base::Result<HelperProcess> HelperProcess::start_beside(int socket,
                                                        std::span<const int> descriptors,
                                                        const std::function<void()>& body) {
  std::vector<int> keep(descriptors.begin(), descriptors.end());
  keep.push_back(socket);
  const auto child = fork_child(keep, body);
  if (!child) return std::unexpected(child.error());
  HelperProcess helper;
  helper.process_ = *child;
  return helper;
}

HelperProcess::HelperProcess(HelperProcess&& other) noexcept
    : process_(std::exchange(other.process_, 0)), socket_(std::move(other.socket_)) {}

HelperProcess& HelperProcess::operator=(HelperProcess&& other) noexcept {
  std::swap(process_, other.process_);
  std::swap(socket_, other.socket_);
  return *this;
}

HelperProcess::~HelperProcess() {
  if (!ended()) kill();
}

void HelperProcess::kill() {
  if (process_ > 0) ::kill(process_, SIGKILL);
}

bool HelperProcess::ended() {
  if (process_ <= 0) return true;
  const pid_t reaped = ::waitpid(process_, nullptr, WNOHANG);
  if (reaped == 0) return false;
  process_ = 0;
  return true;
}

base::Result<Background> Background::enter() {
  std::array<int, 2> report{};
  if (::pipe2(report.data(), O_CLOEXEC) != 0) {
    return base::fail(std::string("cannot make a pipe: ") + std::strerror(errno), errno);
  }
  base::UniqueFd read_end{report[0]};
  base::UniqueFd write_end{report[1]};
  const pid_t child = ::fork();
  if (child < 0) {
    return base::fail(std::string("cannot go to the background: ") + std::strerror(errno), errno);
  }
  if (child > 0) {
    write_end.reset();
    wait_for_child(child, read_end.get());
  }
  ::setsid();
  return Background(std::move(write_end));
}

void Background::ready() {
  if (const base::UniqueFd null{::open("/dev/null", O_RDWR | O_CLOEXEC)}) {
    for (const int fd : {0, 1, 2})
      ::dup2(null.get(), fd);
  }
  [[maybe_unused]] const auto told = ::write(report_.get(), "r", 1);
  report_.reset();
}

}  // namespace vss::platform
