#include "operator/command.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/exit_status.hpp"
#include "platform/process.hpp"

namespace vss::operators {
namespace {

using base::UniqueFd;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

base::Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return base::fail(std::string("cannot make a pipe: ") + std::strerror(errno), errno);
  }
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// 0, or why this file cannot be executed.
int execution_problem(const std::string& path) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return errno;
  if (S_ISDIR(about.st_mode)) return EISDIR;
  return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

std::unexpected<base::Error> cannot_execute(const std::string& name, int problem) {
  const bool absent = problem == ENOENT || problem == ENOTDIR;
  return base::fail(absent ? "`" + name + "` was not found"
                           : "`" + name + "` cannot be executed: " + std::strerror(problem),
                    absent ? ENOENT : problem);
}

// In the child, between fork and exec: only what is safe there.
[[noreturn]] void wait_and_execute(int go, int error, const char* path, char* const* arguments) {
  ::setpgid(0, 0);
  char byte = 0;
  ssize_t got = 0;
  do {
    got = ::read(go, &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(base::kExitNotRun);
  ::execvp(path, arguments);  // has a slash: no search; runs a script without `#!` as sh(1) would
  const int problem = errno;
  [[maybe_unused]] const auto ignored = ::write(error, &problem, sizeof problem);
  ::_exit(base::kExitCannotExecute);
}

}  // namespace

base::Result<std::string> find_executable(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (const int problem = execution_problem(name)) return cannot_execute(name, problem);
    return name;
  }
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable != nullptr ? variable : "/usr/bin:/bin";
  int first_problem = ENOENT;
  while (!name.empty()) {
    const std::size_t colon = rest.find(':');
    std::string directory(rest.substr(0, colon));
    if (directory.empty()) directory = ".";
    std::string path = directory + '/' + name;
    const int problem = execution_problem(path);
    if (problem == 0) return path;
    // A directory that may not be entered has nothing to offer; only a file that is there counts.
    if (first_problem == ENOENT && ::faccessat(AT_FDCWD, path.c_str(), F_OK, 0) == 0) {
      first_problem = problem;
    }
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return cannot_execute(name, first_problem);
}

base::Result<ParkedCommand> ParkedCommand::park(const std::string& path,
                                                const std::vector<std::string>& arguments) {
  auto go = make_pipe();
  if (!go) return std::unexpected(go.error());
  auto error = make_pipe();
  if (!error) return std::unexpected(error.error());
  std::vector<char*> pointers;
  for (const auto& argument : arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);

  const pid_t pid = ::fork();
  if (pid < 0) return base::fail(std::string("cannot fork: ") + std::strerror(errno), errno);
  if (pid == 0) {
    go->write.reset();  // or the child would keep itself waiting
    wait_and_execute(go->read.get(), error->write.get(), path.c_str(), pointers.data());
  }
  ::setpgid(pid, pid);  // also here, so that it is done whoever runs first
  auto process = platform::open_process(pid);
  if (!process) return std::unexpected(process.error());
  return ParkedCommand(pid, std::move(*process), std::move(go->write), std::move(error->read));
}

void ParkedCommand::start() {
  if (::isatty(STDIN_FILENO) == 1 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) {
    gave_terminal_ = ::tcsetpgrp(STDIN_FILENO, pid_) == 0;
  }
  const char byte = 1;
  [[maybe_unused]] const auto written = ::write(go_.get(), &byte, 1);
}

int ParkedCommand::wait_status() {
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = ::waitpid(pid_, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  if (reaped == pid_ && WIFEXITED(status)) return WEXITSTATUS(status);
  constexpr int kKilledBySignal = 128;
  return kKilledBySignal + (WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

int ParkedCommand::execution_error() {
  int problem = 0;
  return ::read(error_.get(), &problem, sizeof problem) == sizeof problem ? problem : 0;
}

void ParkedCommand::terminate() {
  ::kill(-pid_, SIGTERM);
  ::kill(-pid_, SIGCONT);
}

void ParkedCommand::take_terminal_back() {
  if (!gave_terminal_) return;
  gave_terminal_ = false;
  ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
}

}  // namespace vss::operators
