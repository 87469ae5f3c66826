#include "platform/process.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cstring>
#include <span>
#include <string_view>

namespace vss::platform {
namespace {

using PathBuffer = std::array<char, 48>;

const char* proc_path(PathBuffer& buffer, pid_t process, std::string_view leaf) {
  constexpr std::string_view kPrefix = "/proc/";
  char* at = std::copy(kPrefix.begin(), kPrefix.end(), buffer.data());
  at = std::to_chars(at, at + 12, process).ptr;
  at = std::copy(leaf.begin(), leaf.end(), at);
  *at = '\0';
  return buffer.data();
}

// The text after the command's closing parenthesis (a command may contain anything, also ')').
std::string_view after_command(std::string_view stat) {
  const auto close = stat.rfind(')');
  return close == std::string_view::npos ? std::string_view{} : stat.substr(close + 1);
}

std::string_view read_stat(int fd, std::span<char> buffer) {
  const ssize_t size = ::pread(fd, buffer.data(), buffer.size(), 0);
  return size <= 0 ? std::string_view{} : std::string_view{buffer.data(), std::size_t(size)};
}

// Field 22 of /proc/PID/stat; the state behind the command is field 3.
std::uint64_t start_time_in(std::string_view stat) {
  std::string_view rest = after_command(stat);
  for (int field = 3; field <= 22 && !rest.empty(); ++field) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    if (field == 22) {
      std::uint64_t ticks = 0;
      std::from_chars(rest.data(), rest.data() + rest.size(), ticks);
      return ticks;
    }
    rest.remove_prefix(std::min(rest.find(' '), rest.size()));
  }
  return 0;
}

}  // namespace

std::uint64_t process_start_time(pid_t process) {
  PathBuffer path;
  const base::UniqueFd fd{::open(proc_path(path, process, "/stat"), O_RDONLY | O_CLOEXEC)};
  if (!fd) return 0;
  std::array<char, 1024> text;
  return start_time_in(read_stat(fd.get(), text));
}

ThreadIdentity current_thread() {
  // One word, so that threads may race for the first call: pid << 16 | start.
  static std::atomic<std::uint64_t> known{0};
  const auto process = static_cast<std::uint32_t>(::getpid());
  std::uint64_t seen = known.load();
  if (seen >> 16 != process) {
    seen = std::uint64_t{process} << 16 | (process_start_time(::getpid()) & 0xffffU);
    known.store(seen);
  }
  return {process, static_cast<std::uint32_t>(::gettid()), static_cast<std::uint16_t>(seen)};
}

bool thread_gone(const ThreadIdentity& thread) {
  const auto process = static_cast<pid_t>(thread.process_id);
  if (::syscall(SYS_tgkill, process, thread.thread_id, 0) != 0 &&
      (errno == ESRCH || errno == EINVAL)) {  // EINVAL: no thread can have such a number
    return true;
  }
  // Some thread of that number lives; is it still the process that was meant?
  const std::uint64_t start = process_start_time(process);
  return start != 0 && static_cast<std::uint16_t>(start) != thread.start;
}

bool thread_works(const ThreadIdentity& thread) {
  PathBuffer leaf;
  constexpr std::string_view kTask = "/task/";
  char* at = std::copy(kTask.begin(), kTask.end(), leaf.data());
  at = std::to_chars(at, at + 12, thread.thread_id).ptr;
  constexpr std::string_view kStat = "/stat";
  at = std::copy(kStat.begin(), kStat.end(), at);
  PathBuffer path;
  proc_path(path, static_cast<pid_t>(thread.process_id),
            {leaf.data(), static_cast<std::size_t>(at - leaf.data())});
  const base::UniqueFd fd{::open(path.data(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return false;
  std::array<char, 1024> text;
  const std::string_view rest = after_command(read_stat(fd.get(), text));
  return rest.size() >= 2 && (rest[1] == 'R' || rest[1] == 'D');
}

base::Result<base::UniqueFd> open_process(pid_t process) {
  base::UniqueFd fd{static_cast<int>(::syscall(SYS_pidfd_open, process, 0))};
  if (fd) return fd;
  return base::fail("cannot open process " + std::to_string(process) + ": " + std::strerror(errno),
                    errno);
}

bool process_ended(int pidfd) {
  pollfd entry{pidfd, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0;
}

bool kill_process(int pidfd) {
  return ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0) == 0;
}

base::Result<base::UniqueFd> open_process_stat(pid_t process) {
  PathBuffer path;
  base::UniqueFd fd{::open(proc_path(path, process, "/stat"), O_RDONLY | O_CLOEXEC)};
  if (fd) return fd;
  return base::fail(std::string("cannot open ") + path.data() + ": " + std::strerror(errno), errno);
}

LeaderState leader_state(int stat_descriptor) {
  std::array<char, 1024> text;
  const std::string_view rest = after_command(read_stat(stat_descriptor, text));
  if (rest.size() < 2) return LeaderState::kGone;
  switch (rest[1]) {
    case 'Z':
    case 'X':
    case 'x': return LeaderState::kGone;
    case 'T':
    case 't': return LeaderState::kStopped;
    default: return LeaderState::kRuns;
  }
}

std::uint64_t pid_namespace() {
  struct stat info{};
  return ::stat("/proc/self/ns/pid", &info) == 0 ? info.st_ino : 0;
}

}  // namespace vss::platform
