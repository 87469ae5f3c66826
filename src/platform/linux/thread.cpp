#include "platform/thread.hpp"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "platform/memory.hpp"

namespace vss::platform {
namespace {

#ifdef OPENVSS_SANITIZED
constexpr std::size_t kStackBytes = std::size_t{1024} * 1024;  // sanitizers need room of their own
#else
constexpr std::size_t kStackBytes = std::size_t{64} * 1024;
#endif
constexpr std::size_t kTouchedBytes = std::size_t{16} * 1024;

struct Start {
  void* (*run)(void*);
  void* argument;
};

void* touch_and_run(void* argument) {
  const Start start = *static_cast<Start*>(argument);
  delete static_cast<Start*>(argument);
  touch_stack(kTouchedBytes);
  return start.run(start.argument);
}

void close_between(unsigned first, unsigned last) {
  if (first <= last) ::syscall(SYS_close_range, first, last, 0);
}

}  // namespace

base::Result<pthread_t> start_lane_thread(void* (*run)(void*), void* argument) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes,
                              std::max(kStackBytes, static_cast<std::size_t>(PTHREAD_STACK_MIN)));
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread{};
  auto* const start = new Start{run, argument};
  const int error = ::pthread_create(&thread, &attributes, &touch_and_run, start);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  if (error == 0) return thread;
  delete start;
  return base::fail(std::string("cannot start a thread: ") + std::strerror(error), error);
}

bool keep_only_descriptors(std::span<const int> keep) {
  std::vector<unsigned> sorted;
  for (const int fd : keep) {
    if (fd > 2) sorted.push_back(static_cast<unsigned>(fd));
  }
  std::ranges::sort(sorted);
  if (::unshare(CLONE_FILES) != 0) return false;  // shared: closing would close the others' too
  unsigned next = 3;
  for (const unsigned fd : sorted) {
    close_between(next, fd - 1);
    next = fd + 1;
  }
  close_between(next, ~0U);
  return true;
}

void close_own_descriptors() {
  close_between(3, ~0U);
}

void wait_for(sem_t& semaphore) {
  while (::sem_wait(&semaphore) != 0 && errno == EINTR) {
  }
}

base::Result<base::UniqueFd> make_event() {
  base::UniqueFd fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (fd) return fd;
  return base::fail(std::string("cannot make an event: ") + std::strerror(errno), errno);
}

void signal_event(int event) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(event, &one, sizeof one);
}

void drain_event(int event) {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto size = ::read(event, &count, sizeof count);
}

}  // namespace vss::platform
