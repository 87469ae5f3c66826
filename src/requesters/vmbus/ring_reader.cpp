#include "requesters/vmbus/ring_reader.hpp"

#include "wire/hyperv/packet.hpp"

namespace vss::requesters::vmbus {

using wire::hyperv::DescriptorFault;
using wire::hyperv::kDescriptorBytes;
using wire::hyperv::kTrailerBytes;
using Word = Ring::Word;

RingReader::RingReader(Ring ring) : ring_(ring), read_index_(ring.load(Word::kReadIndex)) {}

Taken RingReader::take(std::span<std::byte> buffer) {
  const std::uint32_t write_index = ring_.load(Word::kWriteIndex);
  if (!ring_.is_index(write_index) || !ring_.is_index(read_index_)) {
    return {.what = Taken::What::kBroken, .why = "the host's write index is outside the ring"};
  }
  const std::size_t used = ring_.distance(read_index_, write_index);
  if (used == 0) return {};
  if (used < kDescriptorBytes + kTrailerBytes) {
    return {.what = Taken::What::kBroken, .why = "the host wrote less than a packet"};
  }

  // The host may change the bytes meanwhile: they are read once, and checked in the copy.
  std::array<std::byte, kDescriptorBytes> descriptor_bytes{};
  ring_.copy_out(read_index_, descriptor_bytes);
  const wire::hyperv::Descriptor descriptor = wire::hyperv::decode_descriptor(descriptor_bytes);
  const DescriptorFault fault = wire::hyperv::fault_of(descriptor, used);
  if (fault == DescriptorFault::kLength) return drop(used, "a packet's length is wrong");
  const std::size_t whole = descriptor.length + kTrailerBytes;
  if (fault == DescriptorFault::kPayload) return drop(whole, "a packet's payload is misplaced");
  if (descriptor.length > buffer.size()) return drop(whole, "a packet is too long");

  const auto packet = buffer.first(descriptor.length);
  ring_.copy_out(read_index_, packet);
  std::ranges::copy(descriptor_bytes, packet.begin());
  return {.what = Taken::What::kPacket,
          .bytes = packet.size(),
          .why = {},
          .signal_host = release(whole)};
}

Taken RingReader::drop(std::size_t bytes, std::string_view why) {
  return {.what = Taken::What::kDropped, .bytes = bytes, .why = why, .signal_host = release(bytes)};
}

// True: a host that waits for room has it now, and had not before these bytes were taken.
bool RingReader::release(std::size_t bytes) {
  read_index_ = ring_.advanced(read_index_, bytes);
  ring_.store(Word::kReadIndex, read_index_);
  if ((ring_.load(Word::kFeatures) & kFeaturePendingSend) == 0) return false;
  // Some hosts set a size that is no multiple of 8, as the ring's size less 1.
  const std::uint32_t wanted = ring_.load(Word::kPendingSend) & ~std::uint32_t{7};
  if (wanted == 0) return false;
  const std::uint32_t write_index = ring_.load(Word::kWriteIndex);
  if (!ring_.is_index(write_index)) return false;  // the next take() says so
  const std::size_t free_now = ring_.size() - ring_.distance(read_index_, write_index);
  const std::size_t free_before = free_now > bytes ? free_now - bytes : 0;
  return free_before <= wanted && free_now > wanted;
}

bool RingReader::unmask() {
  ring_.store(Word::kInterruptMask, 0);
  return ring_.load(Word::kWriteIndex) == read_index_;
}

}  // namespace vss::requesters::vmbus
