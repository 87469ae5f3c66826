#include "platform/poll.hpp"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "base/assert.hpp"
#include "platform/clock.hpp"

namespace vss::platform {
namespace {

constexpr std::size_t kEntriesMax = 16;
// poll(2) counts on CLOCK_MONOTONIC, which stands still while the machine sleeps: where there is a
// deadline, look at least this often, so that one that passed meanwhile is seen soon after waking.
constexpr int kLongestWaitMs = 1000;

int milliseconds_until(base::Instant deadline) {
  if (deadline.is_never()) return -1;
  const auto left = deadline - now();
  if (left <= base::Duration{0}) return 0;
  const auto rounded_up = (left.count() + 999'999) / 1'000'000;
  return static_cast<int>(std::min<std::int64_t>(rounded_up, kLongestWaitMs));
}

}  // namespace

void wait_until(std::span<PollEntry> entries, base::Instant deadline) {
  VSS_ASSERT(entries.size() <= kEntriesMax);
  std::array<pollfd, kEntriesMax> polled{};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const short events = static_cast<short>(POLLIN | (entries[i].want_write ? POLLOUT : 0));
    polled[i] = {entries[i].fd, events, 0};
    entries[i].readable = entries[i].writable = false;
  }
  if (::poll(polled.data(), entries.size(), milliseconds_until(deadline)) <= 0) return;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].readable = (polled[i].revents & (POLLIN | POLLERR | POLLHUP | POLLNVAL)) != 0;
    entries[i].writable = (polled[i].revents & POLLOUT) != 0;
  }
}

base::Result<base::UniqueFd> take_stop_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t stop;
  ::sigemptyset(&stop);
  for (const int number : {SIGTERM, SIGINT, SIGHUP})
    ::sigaddset(&stop, number);
  ::sigprocmask(SIG_BLOCK, &stop, nullptr);
  base::UniqueFd fd{::signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (fd) return fd;
  return base::fail(std::string("cannot take signals: ") + std::strerror(errno), errno);
}

int taken_signal(int descriptor) {
  signalfd_siginfo info{};
  return ::read(descriptor, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo)
                                                               : 0;
}

}  // namespace vss::platform
