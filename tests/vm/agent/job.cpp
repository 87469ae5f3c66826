#include "job.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace vmagent {

void Stream::drain() {
  char buffer[16384];
  while (descriptor_ >= 0) {
    const ssize_t count = read(descriptor_, buffer, sizeof buffer);
    if (count > 0) {
      text_.append(buffer, std::min(static_cast<std::size_t>(count), kAtMost - text_.size()));
    } else if (count == 0) {
      close();
    } else if (errno != EINTR) {
      return;
    }
  }
}

void Stream::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

namespace {

struct Pipe {
  int ends[2] = {-1, -1};
  bool open() { return pipe2(ends, O_CLOEXEC) == 0; }
  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) ::close(end);
    }
  }
  int take(int which) { return std::exchange(ends[which], -1); }
};

// In the child, between fork and exec.
[[noreturn]] void become(const Command& command, const Pipe& in, const Pipe& out, const Pipe& err) {
  dup2(in.ends[0], 0);
  dup2(out.ends[1], 1);
  dup2(err.ends[1], 2);
  setsid();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const auto& [name, value] : command.environment)
    setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> words;
  for (const auto& word : command.words)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  dprintf(2, "%s: %s\n", words[0], strerror(errno));
  _exit(127);
}

}  // namespace

std::expected<Job, std::string> start(const Command& command) {
  if (command.words.empty()) return std::unexpected("no program is named");
  if (command.input.size() > 65536) return std::unexpected("stdin is larger than a pipe");
  Pipe in, out, err;
  if (!in.open() || !out.open() || !err.open()) {
    return std::unexpected(std::string("pipe: ") + strerror(errno));
  }
  const pid_t pid = fork();
  if (pid < 0) return std::unexpected(std::string("fork: ") + strerror(errno));
  if (pid == 0) become(command, in, out, err);
  if (!command.input.empty() && write(in.ends[1], command.input.data(), command.input.size()) < 0) {
    return std::unexpected(std::string("stdin: ") + strerror(errno));
  }
  for (const Pipe* pipe : {&out, &err})
    fcntl(pipe->ends[0], F_SETFL, O_NONBLOCK);
  return Job{.pid = pid, .output = Stream(out.take(0)), .errors = Stream(err.take(0))};
}

}  // namespace vmagent
