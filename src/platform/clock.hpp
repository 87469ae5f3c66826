// The clocks. Pure code never includes this: it is handed an Instant.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace vss::platform {

// CLOCK_BOOTTIME. Any thread; never blocks; freeze-safe.
base::Instant now();

// Seconds since 1970 (CLOCK_REALTIME): for people, never for deadlines. Freeze-safe.
std::int64_t wall_clock_seconds();

}  // namespace vss::platform
