// One open channel: the shared memory, the two signals and the socket that keeps it open.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "hostsim/result.hpp"
#include "hostsim/ring.hpp"
#include "hostsim/unique_fd.hpp"

namespace hostsim {

using Clock = std::chrono::steady_clock;

// For poll(): never negative, rounded up.
int milliseconds_until(Clock::time_point deadline);

inline constexpr std::uint32_t kHelloMagic = 0x53424d56;
inline constexpr std::uint32_t kHelloVersion = 1;
inline constexpr std::uint32_t kRingBytesMin = 16384;
inline constexpr std::uint32_t kRingBytesMax = 4U * 1024 * 1024;
inline constexpr std::uint32_t kRingBytesUnit = 4096;

// Unmaps at its end.
class SharedMemory {
 public:
  static Result<SharedMemory> map(int fd, std::size_t size);
  SharedMemory() = default;
  SharedMemory(SharedMemory&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory();

  std::span<std::uint8_t> bytes() const { return bytes_; }

 private:
  std::span<std::uint8_t> bytes_;
};

// What else to wait for beside the channel; -1: nothing.
struct AlsoWatched {
  int interrupt = -1;
  int other = -1;
};

enum class Wake { kSignal, kClosed, kTimeout, kInterrupted, kOther };

class Channel {
 public:
  // Makes the memory and sends the hello on a socket that was just accepted.
  static Result<std::unique_ptr<Channel>> open(UniqueFd socket, std::uint32_t ring_bytes);

  // Signals the guest where that is due.
  Result<Sent> send(View packet);
  // The oldest packet of the guest; signals it if it waited for the room.
  Result<std::optional<Received>> receive();

  // Until the guest signals or closes, the time is over or something else is readable. The signals
  // are then taken: look into the ring.
  Wake wait(Clock::time_point deadline, AlsoWatched also);
  bool guest_closed() const;
  void signal_guest() const;

  // For the ones that misbehave.
  RingPages to_guest() const { return to_guest_; }
  RingPages from_guest() const { return from_guest_; }
  RingWriter& writer() { return writer_; }
  RingReader& reader() { return reader_; }

 private:
  struct Parts;
  explicit Channel(Parts parts);

  UniqueFd socket_;
  UniqueFd signal_from_guest_;
  UniqueFd signal_to_guest_;
  SharedMemory memory_;
  RingPages from_guest_;
  RingPages to_guest_;
  RingReader reader_;
  RingWriter writer_;
};

}  // namespace hostsim
