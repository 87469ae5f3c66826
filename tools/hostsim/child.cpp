#include "hostsim/child.hpp"

#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

extern char** environ;

namespace hostsim {
namespace {

constexpr int kEndMilliseconds = 5000;

}  // namespace

Result<Child> Child::spawn(const std::string& command, bool quiet_stdout) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  if (quiet_stdout) {
    ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  }
  // What the host waits for by descriptor is blocked in it, and must not be in its child.
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

  std::string shell = "sh";
  std::string option = "-c";
  std::string text = command;
  char* arguments[] = {shell.data(), option.data(), text.data(), nullptr};
  pid_t pid = -1;
  errno = ::posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, environ);
  const int error = errno;
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  errno = error;
  if (error != 0) return system_failure("cannot start `" + command + "`");
  Child child(pid, UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  if (!child.pidfd_.valid()) {
    child.terminate();
    child.collect();
    return system_failure("pidfd_open");
  }
  return child;
}

int Child::collect() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Child::terminate() const {
  ::kill(pid_, SIGTERM);
  pollfd ended = {pidfd_.get(), POLLIN, 0};
  if (::poll(&ended, 1, kEndMilliseconds) != 1) ::kill(pid_, SIGKILL);
}

}  // namespace hostsim
