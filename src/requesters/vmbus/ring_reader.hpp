// The consumer's end of a ring: takes packets that the host wrote.
#pragma once

#include <string_view>

#include "requesters/vmbus/ring.hpp"

namespace vss::requesters::vmbus {

struct Taken {
  enum class What : std::uint8_t {
    kNothing,  // the ring is empty
    kPacket,   // `bytes` of the buffer are a packet, without its trailer; its descriptor is sound
    kDropped,  // something was taken that is no packet for us; `why`
    kBroken,   // the ring cannot be used any more; `why`
  } what = What::kNothing;
  std::size_t bytes = 0;
  std::string_view why;
  bool signal_host = false;  // the host waits for room, and there is enough now
};

// Its own index is private: what the host writes into the header's is never read back. One thread;
// freeze-safe; never blocks.
class RingReader {
 public:
  // Goes on where the header says that the channel is.
  explicit RingReader(Ring ring);

  // The buffer takes a whole packet without trailer; a longer one is dropped.
  Taken take(std::span<std::byte> buffer);

  // While packets are taken the host needs not signal; unmask() says whether the ring is empty
  // still, and only then may the caller wait for a signal.
  void mask() { ring_.store(Ring::Word::kInterruptMask, 1); }
  bool unmask();

 private:
  Taken drop(std::size_t bytes, std::string_view why);
  bool release(std::size_t bytes);

  Ring ring_;
  std::uint32_t read_index_;
};

}  // namespace vss::requesters::vmbus
