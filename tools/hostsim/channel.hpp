// One open channel: a carrier, and the host's ends of its two rings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "hostsim/carrier.hpp"
#include "hostsim/result.hpp"
#include "hostsim/ring.hpp"

namespace hostsim {

class Channel {
 public:
  // Goes on where the host before this one stopped, if there was one.
  explicit Channel(std::unique_ptr<Carrier> carrier);

  // Signals the guest where that is due, unless muted.
  Result<Sent> send(View packet);
  // The oldest packet of the guest; signals it if it waited for the room.
  Result<std::optional<Received>> receive();

  // See Carrier. When it signalled: look into the ring.
  Wake wait(Clock::time_point deadline, AlsoWatched also) { return carrier_->wait(deadline, also); }
  bool guest_closed() const { return carrier_->guest_closed(); }
  void signal_guest() const { carrier_->signal_guest(); }

  std::uint32_t ring_bytes() const;

  // For the ones that misbehave.
  RingPages to_guest() const { return to_guest_; }
  RingPages from_guest() const { return from_guest_; }
  RingWriter& writer() { return writer_; }
  RingReader& reader() { return reader_; }
  void mute(bool muted) { muted_ = muted; }

 private:
  std::unique_ptr<Carrier> carrier_;
  RingPages from_guest_;
  RingPages to_guest_;
  RingReader reader_;
  RingWriter writer_;
  bool muted_ = false;
};

}  // namespace hostsim
