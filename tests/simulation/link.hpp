// A connection between a participant and the driver: packets in order, each after a short delay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "devices/session.hpp"
#include "simulation/random.hpp"
#include "simulation/timeline.hpp"

namespace vss::simulation {

class Participant;

struct Link {
  Link(devices::Kind kind, std::uint64_t connection, std::int64_t process_id, Participant& peer_,
       std::uint64_t seed)
      : id(connection),
        session(kind, connection, process_id, limits_of(kind)),
        peer(&peer_),
        random(seed) {}

  std::uint64_t id;
  devices::Session session;  // the driver's end
  Participant* peer;
  bool driver_open = true;  // the driver still has its end
  bool peer_open = true;    // the participant still has its end
  Random random;
  base::Instant last_up, last_down;  // nothing overtakes

  base::Duration delay() { return random.between(base::Duration{30'000}, base::Duration{300'000}); }

 private:
  // Small enough that a flood is one after few frames; otherwise as the driver's own.
  static devices::SessionLimits limits_of(devices::Kind kind) {
    devices::SessionLimits limits = devices::default_limits(kind);
    limits.outgoing_bytes = 16'384;
    limits.frames_per_second = 300;
    return limits;
  }
};

}  // namespace vss::simulation
