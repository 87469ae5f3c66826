// What a channel consists of, and where guests come from. One pair of these for each link: a socket
// (socket_door.hpp), the device of the test's VMBus (standin_door.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "hostsim/result.hpp"

namespace hostsim {

using Clock = std::chrono::steady_clock;

// For poll(): never negative, rounded up.
int milliseconds_until(Clock::time_point deadline);

// What else to wait for beside the channel; -1: nothing.
struct AlsoWatched {
  int interrupt = -1;
  int other = -1;
};

enum class Wake { kSignal, kClosed, kTimeout, kInterrupted, kOther };

// An open channel without its packets: memory, a signal each way, an end. Closes when destroyed,
// where the host can close.
class Carrier {
 public:
  Carrier() = default;
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;
  virtual ~Carrier() = default;

  // Both rings of the same size, the one from the guest first.
  virtual std::span<std::uint8_t> memory() const = 0;
  virtual void signal_guest() = 0;
  virtual bool guest_closed() = 0;
  // Until the guest signals or closes, the time is over or something else is readable. The signals
  // are then taken.
  virtual Wake wait(Clock::time_point deadline, AlsoWatched also) = 0;
};

// Where guests come from.
class Door {
 public:
  Door() = default;
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;
  virtual ~Door() = default;

  // Behind "no guest has ": what a guest would have done.
  virtual std::string what_a_guest_does() const = 0;
  // Readable when accept() may find one.
  virtual int fd() const = 0;
  // A guest that waits; never blocks. Nothing: none does.
  virtual Result<std::unique_ptr<Carrier>> accept() = 0;
  // No guest can come until offer(); one that is there has to close.
  virtual Result<void> rescind() = 0;
  virtual Result<void> offer() = 0;
};

}  // namespace hostsim
