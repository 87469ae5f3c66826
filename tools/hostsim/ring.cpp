#include "hostsim/ring.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hostsim/message.hpp"

namespace hostsim {

std::uint32_t RingPages::load(RingWord word, std::memory_order order) const {
  auto* at = memory_.data() + static_cast<std::uint32_t>(word);
  return std::atomic_ref(*reinterpret_cast<std::uint32_t*>(at)).load(order);
}

void RingPages::store(RingWord word, std::uint32_t value, std::memory_order order) const {
  auto* at = memory_.data() + static_cast<std::uint32_t>(word);
  std::atomic_ref(*reinterpret_cast<std::uint32_t*>(at)).store(value, order);
}

std::uint32_t RingPages::advanced(std::uint32_t index, std::size_t bytes) const {
  return static_cast<std::uint32_t>((index + bytes) % data_bytes());
}

std::uint32_t RingPages::used(std::uint32_t write_index, std::uint32_t read_index) const {
  if (write_index >= read_index) return write_index - read_index;
  return data_bytes() - read_index + write_index;
}

void RingPages::copy_in(std::uint32_t index, View from) const {
  const std::size_t before_end = std::min<std::size_t>(from.size(), data_bytes() - index);
  std::ranges::copy(from.first(before_end), data().subspan(index).begin());
  std::ranges::copy(from.subspan(before_end), data().begin());
}

void RingPages::copy_out(std::uint32_t index, std::span<std::uint8_t> to) const {
  const std::size_t before_end = std::min<std::size_t>(to.size(), data_bytes() - index);
  std::ranges::copy(data().subspan(index, before_end), to.begin());
  std::ranges::copy(data().first(to.size() - before_end), to.subspan(before_end).begin());
}

Result<Sent> RingWriter::write(View packet) {
  const std::uint32_t read_index = pages_.load(RingWord::kReadIndex);
  if (!pages_.is_index(read_index)) {
    return failure(fmt::format("the reader's index is {}, which is none", read_index));
  }
  const std::uint32_t free = pages_.data_bytes() - pages_.used(index_, read_index);
  // Strictly more: a ring filled to the last byte would look empty.
  if (free <= packet.size() + kTrailerBytes) return Sent::kNoRoom;

  const std::uint32_t old_index = index_;
  const std::uint64_t trailer = std::uint64_t{old_index} << 32U;
  std::uint8_t trailer_bytes[kTrailerBytes] = {};
  store(std::span<std::uint8_t>(trailer_bytes), 0, trailer);
  pages_.copy_in(old_index, packet);
  pages_.copy_in(pages_.advanced(old_index, packet.size()), trailer_bytes);
  index_ = pages_.advanced(old_index, packet.size() + kTrailerBytes);
  pages_.store(RingWord::kWriteIndex, index_);
  if (wants_room_) {
    wants_room_ = false;
    pages_.store(RingWord::kPendingSendSize, 0);
  }
  // The reader empties the ring, unmasks, looks again; we publish, then look at its mask. Without
  // this barrier both could miss the other.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (pages_.load(RingWord::kInterruptMask) != 0) return Sent::kQuietly;
  return pages_.load(RingWord::kReadIndex) == old_index ? Sent::kSignalIsDue : Sent::kQuietly;
}

void RingWriter::want_room(std::size_t packet_bytes) {
  wants_room_ = true;
  pages_.store(RingWord::kPendingSendSize,
               static_cast<std::uint32_t>(packet_bytes) + kTrailerBytes);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

Result<std::uint32_t> RingReader::used() const {
  const std::uint32_t write_index = pages_.load(RingWord::kWriteIndex);
  if (!pages_.is_index(write_index)) {
    return failure(fmt::format("the writer's index is {}, which is none", write_index));
  }
  return pages_.used(write_index, index_);
}

bool RingReader::has_packet() const {
  const auto bytes = used();
  return bytes && *bytes >= kDescriptorBytes;
}

bool RingReader::crossed_pending(std::uint32_t consumed) const {
  if ((pages_.load(RingWord::kFeatureBits) & 1U) == 0) return false;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::uint32_t pending = pages_.load(RingWord::kPendingSendSize);
  if (pending == 0) return false;
  const auto bytes = used();
  if (!bytes) return false;
  const std::uint32_t free_now = pages_.data_bytes() - *bytes;
  const std::uint32_t free_before = free_now > consumed ? free_now - consumed : 0;
  // Some producers ask for ring size - 1: they mean the multiple of 8 below, reached or passed.
  const std::uint32_t rounded = pending & ~7U;
  return (free_before <= pending && free_now > pending) ||
         (free_before < rounded && free_now >= rounded);
}

Result<std::optional<Received>> RingReader::read() {
  const auto bytes = used();
  if (!bytes) return std::unexpected(bytes.error());
  if (*bytes < kDescriptorBytes) return std::nullopt;

  std::uint8_t descriptor[kDescriptorBytes] = {};
  pages_.copy_out(index_, descriptor);
  const std::size_t offset = std::size_t{load<std::uint16_t>(descriptor, kOffset8At)} * 8;
  const std::size_t length = std::size_t{load<std::uint16_t>(descriptor, kLength8At)} * 8;
  if (length < kDescriptorBytes || offset < kDescriptorBytes || offset > length ||
      length + kTrailerBytes > *bytes) {
    return failure(fmt::format("a packet of {} bytes with its payload at {}, where {} bytes are",
                               length, offset, *bytes));
  }
  Received received;
  received.start = index_;
  received.packet.resize(length);
  pages_.copy_out(index_, received.packet);
  // The lengths that were judged are the ones that count, whatever stands there by now.
  std::ranges::copy(descriptor, received.packet.begin());
  std::uint8_t trailer[kTrailerBytes] = {};
  pages_.copy_out(pages_.advanced(index_, length), trailer);
  received.trailer = load<std::uint64_t>(trailer, 0);

  const auto consumed = static_cast<std::uint32_t>(length) + kTrailerBytes;
  index_ = pages_.advanced(index_, consumed);
  pages_.store(RingWord::kReadIndex, index_);
  received.wake_producer = crossed_pending(consumed);
  return received;
}

Result<void> RingReader::drop_all() {
  const std::uint32_t write_index = pages_.load(RingWord::kWriteIndex);
  if (!pages_.is_index(write_index)) {
    return failure(fmt::format("the writer's index is {}, which is none", write_index));
  }
  index_ = write_index;
  pages_.store(RingWord::kReadIndex, index_);
  return {};
}

}  // namespace hostsim
