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

#include "platform/socket.hpp"
#include "platform/thread.hpp"

namespace vss::platform {
namespace {

[[noreturn]] void run_child(const std::function<void(int)>& body, int socket, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before the line above
  keep_only_descriptors(std::array{socket});
  ::fcntl(socket, F_SETFL, 0);
  body(socket);
  ::_exit(0);
}

}  // namespace

base::Result<HelperProcess> HelperProcess::start(const std::function<void(int)>& body) {
  auto pair = socket_pair();
  if (!pair) return std::unexpected(pair.error());
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    return base::fail(std::string("cannot start a helper: ") + std::strerror(errno), errno);
  }
  if (child == 0) run_child(body, pair->second.get(), parent);
  HelperProcess helper;
  helper.process_ = child;
  helper.socket_ = std::move(pair->first);
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

base::Status become_daemon() {
  const pid_t child = ::fork();
  if (child < 0) {
    return base::fail(std::string("cannot go to the background: ") + std::strerror(errno), errno);
  }
  if (child > 0) ::_exit(0);
  ::setsid();
  const base::UniqueFd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  for (const int fd : {0, 1, 2}) {
    if (null) ::dup2(null.get(), fd);
  }
  return {};
}

}  // namespace vss::platform
