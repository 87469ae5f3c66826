// The hostile acts by name.
#pragma once

#include <span>

#include "hostsim/duel.hpp"

namespace hostsim {

struct Act {
  const char* name;
  unsigned weight;  // among the others
  Result<void> (*perform)(Duel& duel);
};

// What stands in well-formed packets, or in packets that only lie about themselves.
std::span<const Act> message_acts();
// What is done to the ring and the channel.
std::span<const Act> ring_acts();

}  // namespace hostsim
