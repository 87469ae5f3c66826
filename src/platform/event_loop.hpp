// The loop of a program that waits for descriptors and for one moment: vssd's, on one thread.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "base/time.hpp"

namespace vss::platform {

// Owns no descriptor: who watches one keeps it open until its Watch is gone. Handlers run one after
// the other in run(), may add and drop watches (their own too), and must not block. Freeze-safe:
// what it allocates for a new watch it takes from locked memory. epoll on Linux, kqueue on FreeBSD.
class EventLoop {
 public:
  using Handler = std::function<void()>;
  struct Entry;

  // Stops when destroyed; after that its handlers do not run any more.
  class Watch {
   public:
    Watch() = default;
    Watch(Watch&&) noexcept = default;
    Watch& operator=(Watch&& other) noexcept;
    ~Watch();
    // False where the kernel does not take it: out of memory, fs.epoll.max_user_watches, or a
    // descriptor that cannot be waited for. Of such a one nothing is ever reported.
    bool works() const;
    // Calls `on_writable` once, when the descriptor takes output again. No effect while it is
    // waiting.
    void when_writable();

   private:
    friend class EventLoop;
    explicit Watch(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
    std::shared_ptr<Entry> entry_;
  };

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Level-triggered: `on_readable` runs for as long as there is something to read, or an error or
  // the end to find out about; between two calls every other ready descriptor gets its turn.
  Watch watch(int fd, Handler on_readable, Handler on_writable = {});

  // `on_deadline` runs once when CLOCK_BOOTTIME reaches `at`; a new deadline replaces the last one.
  void set_deadline(base::Instant at, Handler on_deadline);
  void set_deadline(base::Instant at);  // the handler stays

  // `on_signal` runs with the signal's number for each of these; they no longer interrupt the
  // process.
  void handle_signals(std::initializer_list<int> signals, std::function<void(int)> on_signal);

  void run();  // until stop()
  // What is ready now, without waiting; false if nothing was. For a test that takes its own steps.
  bool run_ready();
  void stop();  // from a handler, or from another thread

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vss::platform
