// The producer's end of a ring: gives packets to the host.
#pragma once

#include "requesters/vmbus/ring.hpp"

namespace vss::requesters::vmbus {

struct Given {
  enum class What : std::uint8_t {
    kDone,
    kFull,    // the host has to read first; it was asked to signal when there is room
    kBroken,  // the host's read index is outside the ring
  } what = What::kDone;
  bool signal_host = false;
};

// Its own index is private. One thread; freeze-safe; never blocks.
class RingWriter {
 public:
  // Goes on where the header says that the channel is, and offers to wait by pending send size.
  explicit RingWriter(Ring ring);

  // A whole packet, padded, without trailer. One that does not fit even an empty ring is kFull for
  // ever: requests come out of a ring of the same size, and answers are as long.
  Given give(std::span<const std::byte> packet);

 private:
  enum class Room : std::uint8_t { kEnough, kTooLittle, kBroken };
  Room room_for(std::size_t bytes) const;

  Ring ring_;
  std::uint32_t write_index_;
};

}  // namespace vss::requesters::vmbus
