#include "platform/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/signal_set.hpp>

#include "base/assert.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

using Descriptor = asio::posix::stream_descriptor;

// asio registers a descriptor anew for each wait: a system call for each packet, and half a KiB for
// each writer. So it waits for one descriptor, and that is an epoll of ours, level-triggered, with
// all those that are watched.
struct EventLoop::Entry {
  Entry(State& its_state, int its_fd, Handler readable, Handler writable)
      : state(its_state),
        fd(its_fd),
        on_readable(std::move(readable)),
        on_writable(std::move(writable)) {}

  State& state;
  int fd;
  Handler on_readable;
  Handler on_writable;
  bool waiting_for_writable = false;
  bool added = false;
  bool closed = false;  // its Watch is gone, perhaps since it became ready
};

struct EventLoop::State {
  asio::io_context context{1};
  Descriptor watched{context, ::epoll_create1(EPOLL_CLOEXEC)};
  base::UniqueFd timer{::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)};
  base::Instant armed = base::Instant::never();  // what the timer is set to
  Handler on_deadline;
  asio::signal_set signals{context};
  std::function<void(int)> on_signal;
  std::vector<std::shared_ptr<Entry>> closed;  // until what was ready with them is served
  Watch timer_watch;

  bool control(int operation, Entry& entry) {
    const std::uint32_t writable = entry.waiting_for_writable ? EPOLLOUT : 0U;
    epoll_event event{.events = EPOLLIN | writable, .data = {.ptr = &entry}};
    return ::epoll_ctl(watched.native_handle(), operation, entry.fd, &event) == 0;
  }

  void close(std::shared_ptr<Entry> entry) {
    if (entry->added) control(EPOLL_CTL_DEL, *entry);
    entry->closed = true;
    closed.push_back(std::move(entry));
  }

  void wait() {
    watched.async_wait(Descriptor::wait_read, [this](asio::error_code error) {
      if (error) return;
      serve_ready();
      wait();
    });
  }

  // One round: what is ready for longer is found again in the next, after all others.
  void serve_ready() {
    std::array<epoll_event, 256> ready;
    const int count = ::epoll_wait(watched.native_handle(), ready.data(), ready.size(), 0);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = ready[static_cast<std::size_t>(i)];
      serve(*static_cast<Entry*>(event.data.ptr), event.events);
    }
    closed.clear();
  }

  void serve(Entry& entry, std::uint32_t events) {
    const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (!entry.closed && (broken || (events & EPOLLIN) != 0)) entry.on_readable();
    const bool writable = broken || (events & EPOLLOUT) != 0;
    if (entry.closed || !entry.waiting_for_writable || !writable) return;
    entry.waiting_for_writable = false;
    control(EPOLL_CTL_MOD, entry);
    entry.on_writable();
  }

  void wait_signal() {
    signals.async_wait([this](asio::error_code error, int number) {
      if (error) return;
      on_signal(number);
      wait_signal();
    });
  }
};

EventLoop::Watch& EventLoop::Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    if (entry_) entry_->state.close(std::move(entry_));
    entry_ = std::move(other.entry_);
  }
  return *this;
}

EventLoop::Watch::~Watch() {
  if (entry_) entry_->state.close(std::move(entry_));
}

bool EventLoop::Watch::works() const {
  return entry_ && entry_->added;
}

void EventLoop::Watch::when_writable() {
  if (entry_->waiting_for_writable) return;
  entry_->waiting_for_writable = true;
  entry_->state.control(EPOLL_CTL_MOD, *entry_);
}

EventLoop::EventLoop() : state_(std::make_unique<State>()) {
  VSS_ASSERT(state_->timer.valid());
  State& state = *state_;
  state.timer_watch = watch(state.timer.get(), [&state] {
    std::uint64_t expirations = 0;
    if (::read(state.timer.get(), &expirations, sizeof expirations) < 0) return;
    state.armed = base::Instant::never();
    if (state.on_deadline) state.on_deadline();
  });
  state.wait();
}

EventLoop::~EventLoop() = default;

EventLoop::Watch EventLoop::watch(int fd, Handler on_readable, Handler on_writable) {
  auto entry = std::make_shared<Entry>(*state_, fd, std::move(on_readable), std::move(on_writable));
  entry->added = state_->control(EPOLL_CTL_ADD, *entry);
  return Watch(std::move(entry));
}

void EventLoop::set_deadline(base::Instant at, Handler on_deadline) {
  state_->on_deadline = std::move(on_deadline);
  set_deadline(at);
}

void EventLoop::set_deadline(base::Instant at) {
  if (at == state_->armed) return;  // after most events it stays as it is
  state_->armed = at;
  constexpr std::int64_t kSecond = 1'000'000'000;
  itimerspec when{};  // zero disarms
  if (!at.is_never()) {
    const std::int64_t nanoseconds = std::max<std::int64_t>(at.nanoseconds_since_boot, 1);
    when.it_value.tv_sec = nanoseconds / kSecond;
    when.it_value.tv_nsec = nanoseconds % kSecond;
  }
  ::timerfd_settime(state_->timer.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void EventLoop::handle_signals(std::initializer_list<int> signals,
                               std::function<void(int)> on_signal) {
  for (const int number : signals)
    state_->signals.add(number);
  state_->on_signal = std::move(on_signal);
  state_->wait_signal();
}

void EventLoop::run() {
  state_->context.run();
}
bool EventLoop::run_ready() {
  state_->context.restart();
  return state_->context.poll() > 0;
}
void EventLoop::stop() {
  state_->context.stop();
}

}  // namespace vss::platform
