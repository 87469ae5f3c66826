#include "platform/event_loop.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/signal_set.hpp>

#include "base/assert.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

using Descriptor = asio::posix::stream_descriptor;

// Shared with the waits under way, so that one that fires after its Watch is gone finds `closed`.
struct EventLoop::Entry : std::enable_shared_from_this<EventLoop::Entry> {
  Entry(asio::io_context& context, int fd, Handler readable, Handler writable)
      : descriptor(context, fd),
        on_readable(std::move(readable)),
        on_writable(std::move(writable)) {}

  // Each wait registers anew, which makes asio's edge-triggered epoll level-triggered for us.
  void wait_readable() {
    descriptor.async_wait(Descriptor::wait_read,
                          [self = shared_from_this()](asio::error_code error) {
                            if (self->closed || error) return;
                            self->on_readable();
                            if (!self->closed) self->wait_readable();
                          });
  }

  void wait_writable() {
    if (closed || waiting_for_writable) return;
    waiting_for_writable = true;
    descriptor.async_wait(Descriptor::wait_write,
                          [self = shared_from_this()](asio::error_code error) {
                            self->waiting_for_writable = false;
                            if (!self->closed && !error) self->on_writable();
                          });
  }

  void close() {
    closed = true;
    descriptor.release();  // the watcher's owner closes it; waits under way are cancelled
  }

  Descriptor descriptor;
  Handler on_readable;
  Handler on_writable;
  bool waiting_for_writable = false;
  bool closed = false;
};

struct EventLoop::State {
  asio::io_context context{1};
  base::UniqueFd timer{::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)};
  Handler on_deadline;
  Watch timer_watch;
  asio::signal_set signals{context};
  std::function<void(int)> on_signal;

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
    if (entry_) entry_->close();
    entry_ = std::move(other.entry_);
  }
  return *this;
}

EventLoop::Watch::~Watch() {
  if (entry_) entry_->close();
}

void EventLoop::Watch::when_writable() {
  entry_->wait_writable();
}

EventLoop::EventLoop() : state_(std::make_unique<State>()) {
  VSS_ASSERT(state_->timer.valid());
  State& state = *state_;
  state.timer_watch = watch(state.timer.get(), [&state] {
    std::uint64_t expirations = 0;
    if (::read(state.timer.get(), &expirations, sizeof expirations) < 0) return;
    if (state.on_deadline) state.on_deadline();
  });
}

EventLoop::~EventLoop() = default;

EventLoop::Watch EventLoop::watch(int fd, Handler on_readable, Handler on_writable) {
  auto entry =
      std::make_shared<Entry>(state_->context, fd, std::move(on_readable), std::move(on_writable));
  entry->wait_readable();
  return Watch(std::move(entry));
}

void EventLoop::set_deadline(base::Instant at, Handler on_deadline) {
  state_->on_deadline = std::move(on_deadline);
  set_deadline(at);
}

void EventLoop::set_deadline(base::Instant at) {
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
