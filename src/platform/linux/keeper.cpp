#include "platform/keeper.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <optional>

#include "platform/clock.hpp"
#include "platform/sleep.hpp"
#include "platform/socket.hpp"

namespace vss::platform {
namespace {

constexpr base::Duration kReadyWithin = base::seconds{10};
constexpr base::Duration kStep = base::milliseconds{20};

struct Child {
  pid_t process = -1;
  std::string name;
  std::string cgroup;  // empty: none of its own
  base::Duration end_within{};
  bool ended = false;  // and reaped: its number may be another's by now
};

// The directory of this process's own cgroup (v2), or nothing where there is none to write to.
std::optional<std::string> own_cgroup() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("0::")) continue;
    std::string directory = "/sys/fs/cgroup" + line.substr(3);
    if (::access((directory + "/cgroup.procs").c_str(), W_OK) == 0) return directory;
  }
  return std::nullopt;
}

// Best effort: a service manager's limits and kills shall not hit all of them at once.
std::string move_to_own_cgroup(const Child& child) {
  const auto parent = own_cgroup();
  if (!parent) return {};
  std::string directory = *parent + "/" + child.name + "-" + std::to_string(child.process);
  if (::mkdir(directory.c_str(), 0755) != 0) return {};
  std::ofstream(directory + "/cgroup.procs") << child.process << '\n';
  return directory;
}

base::Result<pid_t> spawn(const KeptProgram& program) {
  std::vector<char*> arguments{const_cast<char*>(program.executable.c_str())};
  for (const std::string& argument : program.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t all;
  sigset_t none;
  ::sigfillset(&all);
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  pid_t process = -1;
  const int error = ::posix_spawn(&process, program.executable.c_str(), &actions, &attributes,
                                  arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return base::fail("cannot start " + program.executable + ": " + std::strerror(error), error);
  }
  return process;
}

bool has_ended(Child& child) {
  child.ended = child.ended || ::waitpid(child.process, nullptr, WNOHANG) == child.process;
  return child.ended;
}

bool wait_for_end(Child& child, base::Duration at_most) {
  const base::Instant until = now() + at_most;
  while (!has_ended(child)) {
    if (now() >= until) return false;
    sleep_for(kStep);
  }
  return true;
}

// It, and not one of the same name that an earlier keeper left behind: that may live on for long.
bool listens_at(const std::string& path, const Child& child) {
  const auto socket = connect_to(path);
  if (!socket) return false;
  const auto peer = peer_credentials(socket->get());
  return peer && peer->process_id == child.process;
}

base::Status wait_until_ready(const KeptProgram& program, Child& child) {
  const base::Instant until = now() + kReadyWithin;
  while (!program.ready_socket.empty() && !listens_at(program.ready_socket, child)) {
    if (has_ended(child)) return base::fail(program.name + " ended at once: see its message");
    if (now() >= until) return base::fail(program.name + " did not get ready in time");
    sleep_for(kStep);
  }
  return {};
}

void stop_child(Child& child, bool may_be_killed) {
  if (!has_ended(child)) ::kill(child.process, SIGTERM);
  if (!wait_for_end(child, child.end_within)) {
    if (may_be_killed) ::kill(child.process, SIGKILL);
    // One that was killed may hang in the kernel: the next is told all the same.
    do {
    } while (!wait_for_end(child, child.end_within) && !may_be_killed);
  }
  if (!child.cgroup.empty()) ::rmdir(child.cgroup.c_str());
}

base::Status start_all(const std::vector<KeptProgram>& programs, std::vector<Child>& children) {
  for (const KeptProgram& program : programs) {
    const auto process = spawn(program);
    if (!process) return std::unexpected(process.error());
    children.push_back({.process = *process,
                        .name = program.name,
                        .cgroup = {},
                        .end_within = program.end_within});
    Child& child = children.back();
    child.cgroup = move_to_own_cgroup(child);
    if (auto ready = wait_until_ready(program, child); !ready) return ready;
  }
  return {};
}

// Until the other end is closed, by vssd or by its death. A program that ends before that is
// reaped.
void wait_for_end_of_driver(int life, std::vector<Child>& children) {
  pollfd end{.fd = life, .events = POLLIN, .revents = 0};
  while (::poll(&end, 1, 500) <= 0) {
    for (Child& child : children)
      has_ended(child);
  }
}

// Only what it needs: it must hold neither vssd's end of its own life line nor vssd's sockets.
void keep_only(int& life, int& report) {
  const int life_copy = ::fcntl(life, F_DUPFD_CLOEXEC, 16);
  const int report_copy = ::fcntl(report, F_DUPFD_CLOEXEC, 16);
  life = ::dup3(life_copy, STDERR_FILENO + 1, O_CLOEXEC);
  report = ::dup3(report_copy, STDERR_FILENO + 2, O_CLOEXEC);
  ::close_range(STDERR_FILENO + 3, ~0U, 0);
}

[[noreturn]] void run_keeper(const std::vector<KeptProgram>& programs, int life, int report) {
  keep_only(life, report);
  ::setsid();  // a Ctrl-C in vssd's terminal is for vssd alone
  ::prctl(PR_SET_NAME, "vssd-keeper");
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE})
    ::signal(number, SIG_IGN);
  std::vector<Child> children;
  const auto started = start_all(programs, children);
  const std::string answer = started ? "ready" : started.error().message;
  [[maybe_unused]] const ssize_t told = ::write(report, answer.data(), answer.size());
  ::close(report);
  if (started) wait_for_end_of_driver(life, children);
  for (auto child = children.rbegin(); child != children.rend(); ++child)
    stop_child(*child, child + 1 != children.rend());
  ::_exit(0);
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 512> piece;
  for (;;) {
    const ssize_t size = ::read(fd, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

base::Result<Keeper> Keeper::start(const std::vector<KeptProgram>& programs) {
  std::array<int, 2> life{};
  std::array<int, 2> report{};
  if (::pipe2(life.data(), O_CLOEXEC) != 0 || ::pipe2(report.data(), O_CLOEXEC) != 0) {
    return base::fail(std::string("cannot make a pipe: ") + std::strerror(errno), errno);
  }
  base::UniqueFd life_read{life[0]};
  base::UniqueFd life_write{life[1]};
  base::UniqueFd report_read{report[0]};
  base::UniqueFd report_write{report[1]};
  const pid_t process = ::fork();
  if (process < 0) {
    return base::fail(std::string("cannot fork: ") + std::strerror(errno), errno);
  }
  if (process == 0) {
    run_keeper(programs, life_read.get(), report_write.get());
  }
  report_write.reset();
  const std::string answer = read_all(report_read.get());
  if (answer == "ready") return Keeper(process, std::move(life_write));
  ::waitpid(process, nullptr, 0);
  return base::fail(answer.empty() ? "the keeper of freezer and guardian ended" : answer);
}

bool Keeper::stop(base::Duration at_most) {
  life_.reset();
  Child keeper{.process = process_, .name = {}, .cgroup = {}, .end_within = at_most};
  return wait_for_end(keeper, at_most);
}

}  // namespace vss::platform
