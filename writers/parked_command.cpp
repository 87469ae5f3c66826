#include "writers/parked_command.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace vss::writers {
namespace {

// What the writer tells a parked child, one byte each.
constexpr char kArm = 'a';
constexpr char kVictimEnded = 'v';
constexpr char kStart = 's';
constexpr char kCancel = 'c';

void on_child(int) {}  // its arrival is what ends ppoll

// Waits for the word to go. In here only the child runs; it was forked from a single thread.
void park(int pipe, pid_t victim) {
  bool armed = false;
  bool victim_ended = false;
  for (;;) {
    char what = 0;
    const ssize_t size = ::read(pipe, &what, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size != 1) {  // the writer is gone
      if (!armed) ::_exit(0);
      if (victim > 0 && !victim_ended) ::kill(-victim, SIGKILL);
      return;
    }
    if (what == kStart) return;
    if (what == kCancel) ::_exit(0);
    if (what == kArm) armed = true;
    if (what == kVictimEnded) victim_ended = true;
  }
}

[[noreturn]] void be_child(const ParkedCommand::Setting& setting, int pipe, int output) {
  ::setpgid(0, 0);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCHLD})
    ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  // The ends of the other children's pipes must not be kept open here, or they would never learn
  // that the writer is gone.
  if (pipe != 3) ::dup2(pipe, 3);
  ::fcntl(3, F_SETFD, FD_CLOEXEC);
  ::close_range(4, ~0U, 0);
  ::setenv("VSS_PHASE", setting.phase.c_str(), 1);
  char transaction[VSS_TRANSACTION_TEXT_SIZE];
  vss_transaction_text(setting.transaction, transaction);
  ::setenv("VSS_TRANSACTION", transaction, 1);
  park(3, setting.victim);
  ::execl("/bin/sh", "sh", "-c", setting.command.c_str(), static_cast<char*>(nullptr));
  ::_exit(127);
}

}  // namespace

CommandOutput::CommandOutput() {
  if (::pipe2(pipe_, O_CLOEXEC) != 0) throw Error(-errno, "no file descriptor is left");
  ::fcntl(pipe_[0], F_SETFL, O_NONBLOCK);  // the commands' end blocks, as programs expect
  struct sigaction action{};
  action.sa_handler = on_child;
  ::sigaction(SIGCHLD, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
}

CommandOutput::~CommandOutput() {
  ::close(pipe_[0]);
  ::close(pipe_[1]);
}

void CommandOutput::wait(BootClock::time_point deadline) const {
  const auto left = std::max(deadline - BootClock::now(), BootClock::duration::zero());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  const timespec patience = {static_cast<time_t>(seconds.count()),
                             static_cast<long>((left - seconds).count())};
  sigset_t mask;
  ::sigprocmask(SIG_BLOCK, nullptr, &mask);
  ::sigdelset(&mask, SIGCHLD);
  pollfd ready = {pipe_[0], POLLIN, 0};
  ::ppoll(&ready, 1, &patience, &mask);
}

ParkedCommand::ParkedCommand(const Setting& setting, const CommandOutput& output) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) throw Error(-errno, "no file descriptor is left");
  pid_ = ::fork();
  if (pid_ == 0) be_child(setting, pipe[0], output.write_end());
  const int error = errno;
  ::close(pipe[0]);
  pipe_ = pipe[1];
  if (pid_ < 0) {
    ::close(std::exchange(pipe_, -1));
    throw Error(-error, std::string("cannot fork: ") + ::strerror(error));
  }
  ::setpgid(pid_, pid_);  // here too: whoever comes first, it is done when either goes on
}

ParkedCommand& ParkedCommand::operator=(ParkedCommand&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pipe_, other.pipe_);
  std::swap(started_, other.started_);
  std::swap(status_, other.status_);
  return *this;
}

ParkedCommand::~ParkedCommand() {
  if (pid_ <= 0) return;
  if (!started_) {
    tell(kCancel);
    ::waitpid(pid_, nullptr, 0);
  }
  if (pipe_ >= 0) ::close(pipe_);
}

void ParkedCommand::tell(char what) {
  // EPIPE: the child reads no more; its end is found by status().
  [[maybe_unused]] const auto ignored = ::write(pipe_, &what, 1);
}

void ParkedCommand::arm() {
  tell(kArm);
}

void ParkedCommand::victim_ended() {
  tell(kVictimEnded);
}

void ParkedCommand::start() {
  tell(kStart);
  started_ = true;
}

std::optional<int> ParkedCommand::status() {
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_;
}

void ParkedCommand::kill() {
  if (status_) return;
  ::kill(-pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  status_ = status;
}

std::string problem_of(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    return "was killed by signal " + std::to_string(WTERMSIG(wait_status));
  }
  const int code = WEXITSTATUS(wait_status);
  return code == 0 ? "" : "exited with status " + std::to_string(code);
}

}  // namespace vss::writers
