#include "requesters/vmbus/ring_writer.hpp"

#include "wire/hyperv/packet.hpp"

namespace vss::requesters::vmbus {

using Word = Ring::Word;

RingWriter::RingWriter(Ring ring) : ring_(ring), write_index_(ring.load(Word::kWriteIndex)) {
  ring_.store(Word::kFeatures, ring_.load(Word::kFeatures) | kFeaturePendingSend);
}

RingWriter::Room RingWriter::room_for(std::size_t bytes) const {
  const std::uint32_t read_index = ring_.load(Word::kReadIndex);
  if (!ring_.is_index(read_index) || !ring_.is_index(write_index_)) return Room::kBroken;
  // Strictly more than needed: a full ring would look like an empty one.
  const std::size_t free = ring_.size() - ring_.distance(read_index, write_index_);
  return free > bytes ? Room::kEnough : Room::kTooLittle;
}

Given RingWriter::give(std::span<const std::byte> packet) {
  const std::size_t bytes = packet.size() + wire::hyperv::kTrailerBytes;
  Room room = room_for(bytes);
  if (room == Room::kTooLittle) {
    ring_.store(Word::kPendingSend, static_cast<std::uint32_t>(bytes));
    room = room_for(bytes);  // the host may have read before it could see that we wait
  }
  if (room == Room::kTooLittle) return {.what = Given::What::kFull};
  if (room == Room::kBroken) return {.what = Given::What::kBroken};
  ring_.store(Word::kPendingSend, 0);

  const std::uint32_t began = write_index_;
  ring_.copy_in(began, packet);
  ring_.copy_in(ring_.advanced(began, packet.size()), wire::hyperv::encode_trailer(began));
  write_index_ = ring_.advanced(began, bytes);
  ring_.store(Word::kWriteIndex, write_index_);

  // A host is signalled only when the ring was empty before this packet; it slows down guests that
  // signal without need.
  const bool masked = ring_.load(Word::kInterruptMask) != 0;
  const bool was_empty = ring_.load(Word::kReadIndex) == began;
  return {.what = Given::What::kDone, .signal_host = !masked && was_empty};
}

}  // namespace vss::requesters::vmbus
