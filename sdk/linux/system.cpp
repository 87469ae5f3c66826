#include "system.hpp"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

namespace vss::sdk {
namespace {

constexpr long kNanosecondsPerSecond = 1'000'000'000;

timespec to_timespec(std::int64_t nanoseconds) {
  return {.tv_sec = static_cast<time_t>(nanoseconds / kNanosecondsPerSecond),
          .tv_nsec = static_cast<long>(nanoseconds % kNanosecondsPerSecond)};
}

int add(int set, int descriptor) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
  return ::epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : -errno;
}

}  // namespace

base::Instant now() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return {std::int64_t{time.tv_sec} * kNanosecondsPerSecond + time.tv_nsec};
}

int peer_user(int socket, uid_t& user) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -errno;
  user = peer.uid;
  return 0;
}

int Wakeup::open() {
  set_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!set_) return -errno;
  timer_.reset(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer_) return -errno;
  return add(set_.get(), timer_.get());
}

int Wakeup::watch(int socket) {
  return add(set_.get(), socket);
}

void Wakeup::unwatch(int socket) {
  ::epoll_ctl(set_.get(), EPOLL_CTL_DEL, socket, nullptr);
}

void Wakeup::at(base::Instant instant) {
  itimerspec timer{};  // all zero: no more
  if (!instant.is_never()) timer.it_value = to_timespec(instant.nanoseconds_since_boot);
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &timer, nullptr);
}

void Wakeup::every(base::Duration interval) {
  const itimerspec timer{.it_interval = to_timespec(interval.count()), .it_value = to_timespec(1)};
  ::timerfd_settime(timer_.get(), 0, &timer, nullptr);
}

void Wakeup::take() {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const auto ignored =
      ::read(timer_.get(), &expirations, sizeof expirations);  // EAGAIN: it had not run out
}

}  // namespace vss::sdk
