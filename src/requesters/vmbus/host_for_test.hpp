// The host's end of two rings, as simple as can be: it writes where it is told, believes nothing
// about itself, and reads what the guest wrote.
#pragma once

#include <cstring>
#include <optional>
#include <vector>

#include "requesters/vmbus/ring.hpp"
#include "wire/hyperv/packet.hpp"
#include "wire/hyperv/vectors_for_test.hpp"

namespace vss::requesters::vmbus {

using wire::hyperv::vectors::Bytes;

class RingMemory {
 public:
  static constexpr std::size_t kHeader = 4096;
  static constexpr std::size_t kData = 12'288;

  static constexpr std::size_t kWords = (kHeader + kData) / sizeof(std::uint64_t);

  RingMemory() : own_(kWords), words_(own_) {}
  // Memory of kWords that somebody else owns.
  explicit RingMemory(std::span<std::uint64_t> words) : words_(words) {}
  RingMemory(const RingMemory&) = delete;
  RingMemory& operator=(const RingMemory&) = delete;

  std::span<std::byte> memory() { return std::as_writable_bytes(words_); }
  std::span<std::byte> data() { return memory().subspan(kHeader); }
  Ring ring() { return Ring(memory(), kHeader); }

  std::uint32_t get(Ring::Word word) { return ring().load(word); }
  void set(Ring::Word word, std::uint32_t value) { ring().store(word, value); }

 private:
  std::vector<std::uint64_t> own_;
  std::span<std::uint64_t> words_;
};

class HostForTest {
 public:
  HostForTest() = default;
  // Both rings in one piece, the guest's sending ring first.
  explicit HostForTest(std::span<std::uint64_t> both)
      : to_guest(both.subspan(RingMemory::kWords)), from_guest(both.first(RingMemory::kWords)) {}

  RingMemory to_guest, from_guest;

  // A packet with its trailer, or any bytes, published.
  void write(std::span<const std::byte> bytes) {
    Ring ring = to_guest.ring();
    ring.copy_in(written_, bytes);
    written_ = ring.advanced(written_, bytes.size());
    ring.store(Ring::Word::kWriteIndex, written_);
  }

  // The next packet of the guest, trailer included; nothing: there is none.
  std::optional<Bytes> read() {
    const Ring ring = from_guest.ring();
    const std::uint32_t end = ring.load(Ring::Word::kWriteIndex);
    if (end == read_) return std::nullopt;
    Bytes packet(16);
    ring.copy_out(read_, packet);
    const auto length = wire::hyperv::decode_descriptor(std::span{packet}.first<16>()).length + 8;
    packet.resize(length);
    ring.copy_out(read_, packet);
    read_ = ring.advanced(read_, length);
    from_guest.set(Ring::Word::kReadIndex, read_);
    return packet;
  }

  // Both rings begin there, as those of a channel that was used before.
  void begin_at(std::uint32_t index) {
    written_ = read_ = index;
    for (RingMemory* memory : {&to_guest, &from_guest}) {
      memory->set(Ring::Word::kWriteIndex, index);
      memory->set(Ring::Word::kReadIndex, index);
    }
  }

 private:
  std::uint32_t written_ = 0;
  std::uint32_t read_ = 0;
};

}  // namespace vss::requesters::vmbus
