#include "platform/program_output.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/unique_fd.hpp"
#include "platform/clock.hpp"
#include "platform/poll.hpp"

extern char** environ;

namespace vss::platform {
namespace {

constexpr std::size_t kBytesMax = std::size_t{1} << 20;

base::Result<pid_t> start(const std::vector<std::string>& words, int output) {
  std::vector<char*> arguments;
  for (const std::string& word : words)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t process = 0;
  const int problem =
      ::posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (problem == 0) return process;
  return base::fail("cannot run " + words[0] + ": " + std::strerror(problem), problem);
}

// True: it closed its output before the deadline.
bool read_all(int output, base::Instant deadline, std::string& text) {
  std::array<char, 4096> piece;
  for (;;) {
    PollEntry entry{.fd = output};
    wait_until({&entry, 1}, deadline);
    if (!entry.readable) return false;
    const ssize_t size = ::read(output, piece.data(), piece.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size <= 0) return true;
    if (text.size() < kBytesMax) text.append(piece.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

base::Result<std::string> output_of(const std::vector<std::string>& words, base::Duration limit) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return base::fail(std::string("cannot make a pipe: ") + std::strerror(errno), errno);
  }
  const base::UniqueFd output(ends[0]);
  base::UniqueFd theirs(ends[1]);
  const auto process = start(words, theirs.get());
  if (!process) return std::unexpected(process.error());
  theirs.reset();
  std::string text;
  const bool ended = read_all(output.get(), now() + limit, text);
  if (!ended) {
    // One that sleeps in the kernel, on what is frozen, does not die: nobody waits for it.
    ::kill(*process, SIGKILL);
    ::waitpid(*process, nullptr, WNOHANG);
    return base::fail(words[0] + " has not ended in time", ETIMEDOUT);
  }
  while (::waitpid(*process, nullptr, 0) < 0 && errno == EINTR) {
  }
  return text;
}

}  // namespace vss::platform
