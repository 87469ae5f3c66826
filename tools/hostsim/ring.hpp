// One ring of a channel in shared memory, and the two ends that may hold it. The other side may
// change every byte at any time: own indices are private, and what is read is copied before it is
// judged. An end of the ring is used by one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

#include "hostsim/bytes.hpp"
#include "hostsim/result.hpp"

namespace hostsim {

inline constexpr std::uint32_t kRingHeaderBytes = 4096;
inline constexpr std::uint32_t kTrailerBytes = 8;

// Of one ring, with its header.
inline constexpr std::uint32_t kRingBytesMin = 16384;
inline constexpr std::uint32_t kRingBytesMax = 4U * 1024 * 1024;
inline constexpr std::uint32_t kRingBytesUnit = 4096;

// The words of a ring's header page; the value is the offset.
enum class RingWord : std::uint32_t {
  kWriteIndex = 0x00,       // the producer's
  kReadIndex = 0x04,        // the consumer's
  kInterruptMask = 0x08,    // the consumer's: non-zero asks not to be signalled
  kPendingSendSize = 0x0c,  // the producer's: bytes it waits for; 0: it does not wait
  kFeatureBits = 0x40,      // bit 0: kPendingSendSize means something
};

// A view of a ring; owns nothing.
class RingPages {
 public:
  // The memory is a header page and the data area behind it.
  explicit RingPages(std::span<std::uint8_t> memory) : memory_(memory) {}

  std::uint32_t load(RingWord word, std::memory_order order = std::memory_order_acquire) const;
  void store(RingWord word, std::uint32_t value,
             std::memory_order order = std::memory_order_release) const;

  std::uint32_t data_bytes() const {
    return static_cast<std::uint32_t>(memory_.size()) - kRingHeaderBytes;
  }
  bool is_index(std::uint32_t value) const { return value < data_bytes() && value % 8 == 0; }
  // The index `bytes` further on, around the end.
  std::uint32_t advanced(std::uint32_t index, std::size_t bytes) const;
  std::uint32_t used(std::uint32_t write_index, std::uint32_t read_index) const;

  // Both go around the end.
  void copy_in(std::uint32_t index, View from) const;
  void copy_out(std::uint32_t index, std::span<std::uint8_t> to) const;

 private:
  std::span<std::uint8_t> data() const { return memory_.subspan(kRingHeaderBytes); }
  std::span<std::uint8_t> memory_;
};

enum class Sent {
  kNoRoom,
  kQuietly,     // no signal is due
  kSignalIsDue  // the ring was empty, and the reader did not mask signals
};

// The producer's end.
class RingWriter {
 public:
  explicit RingWriter(RingPages pages, std::uint32_t index = 0) : pages_(pages), index_(index) {}

  // The packet is copied as it is, whatever its descriptor says, and a trailer behind it. Its size
  // is a multiple of 8. An error: the reader's index is impossible.
  Result<Sent> write(View packet);

  // Asks the reader for a signal once there is room for such a packet; ends with the next write().
  // Try write() once more after it: room may have been made in between.
  void want_room(std::size_t packet_bytes);

  std::uint32_t index() const { return index_; }

 private:
  RingPages pages_;
  std::uint32_t index_;
  bool wants_room_ = false;
};

struct Received {
  Bytes packet;  // descriptor, payload and padding
  std::uint64_t trailer = 0;
  std::uint32_t start = 0;     // where it stood in the data area
  bool wake_producer = false;  // the producer waited for the room that is now there
};

// The consumer's end.
class RingReader {
 public:
  explicit RingReader(RingPages pages, std::uint32_t index = 0) : pages_(pages), index_(index) {}

  // The oldest packet, if there is one. An error: the index or the descriptor is impossible.
  Result<std::optional<Received>> read();

  // Throws away what is there. An error: the writer's index is impossible.
  Result<void> drop_all();

  bool has_packet() const;
  std::uint32_t index() const { return index_; }

 private:
  Result<std::uint32_t> used() const;
  bool crossed_pending(std::uint32_t consumed) const;

  RingPages pages_;
  std::uint32_t index_;
};

}  // namespace hostsim
