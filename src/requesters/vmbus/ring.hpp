// One ring of a VMBus channel, in memory that is shared with the host.
//
// A header page, then the data. The header's words (all u32, little-endian):
//   0x00 write index, of the producer        0x04 read index, of the consumer
//   0x08 interrupt mask, of the consumer: 1 says "do not signal me when the ring is empty no more"
//   0x0c pending send size, of the producer: bytes it waits for; 0: it does not wait
//   0x40 feature bits: 1 says that pending send size is understood
// Indices are offsets in the data, below its size, multiples of 8; equal indices mean empty, so the
// ring is never filled wholly. The host may write any word at any time: what is read here is
// checked after it was copied.
//
// Each access is one atomic operation, sequentially consistent where the protocol needs a full
// barrier (after publishing an index, before looking at what the other side said meanwhile).
//
// Source: Linux include/linux/hyperv.h (struct hv_ring_buffer), drivers/hv/ring_buffer.c.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/assert.hpp"

namespace vss::requesters::vmbus {

inline constexpr std::uint32_t kFeaturePendingSend = 1;

// A view; whoever maps the memory keeps it mapped. Freeze-safe.
class Ring {
 public:
  enum class Word : std::size_t {
    kWriteIndex = 0x00,
    kReadIndex = 0x04,
    kInterruptMask = 0x08,
    kPendingSend = 0x0c,
    kFeatures = 0x40,
  };

  // `header_bytes`: of the header page; the rest is data. Both are multiples of 8.
  Ring(std::span<std::byte> memory, std::size_t header_bytes)
      : header_(memory.data()), data_(memory.subspan(header_bytes)) {
    VSS_ASSERT(data_.size() % 8 == 0 && data_.size() > 8);
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(data_.size()); }
  bool is_index(std::uint32_t index) const { return index < size() && index % 8 == 0; }

  std::uint32_t load(Word word) const { return at(word).load(std::memory_order_seq_cst); }
  void store(Word word, std::uint32_t value) { at(word).store(value, std::memory_order_seq_cst); }

  // Bytes from `from` up to `to`.
  std::uint32_t distance(std::uint32_t from, std::uint32_t to) const {
    return to >= from ? to - from : size() - from + to;
  }
  std::uint32_t advanced(std::uint32_t index, std::size_t by) const {
    return static_cast<std::uint32_t>((index + by) % size());
  }

  // The data wraps at the end, with no gap. Lengths are at most size().
  void copy_out(std::uint32_t from, std::span<std::byte> to) const {
    const std::size_t first = std::min<std::size_t>(to.size(), size() - from);
    std::memcpy(to.data(), data_.data() + from, first);
    std::memcpy(to.data() + first, data_.data(), to.size() - first);
  }
  void copy_in(std::uint32_t to, std::span<const std::byte> from) {
    const std::size_t first = std::min<std::size_t>(from.size(), size() - to);
    std::memcpy(data_.data() + to, from.data(), first);
    std::memcpy(data_.data(), from.data() + first, from.size() - first);
  }

 private:
  std::atomic_ref<std::uint32_t> at(Word word) const {
    std::byte* const place = header_ + static_cast<std::size_t>(word);
    return std::atomic_ref<std::uint32_t>(*reinterpret_cast<std::uint32_t*>(place));
  }

  std::byte* header_;
  std::span<std::byte> data_;
};

}  // namespace vss::requesters::vmbus
