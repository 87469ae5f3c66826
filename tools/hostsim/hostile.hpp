// The command `hostile`: a host that means no good.
#pragma once

#include <cstdint>

#include "hostsim/host.hpp"

namespace hostsim {

struct HostileOptions {
  std::uint64_t seed = 1;
  std::uint64_t count = 1000;
  bool json = false;
};

// Ends with the first complaint. The exit status.
int run_hostile(Host& host, const HostileOptions& options);

}  // namespace hostsim
