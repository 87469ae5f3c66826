#include "platform/clock.hpp"

#include <time.h>

#include "base/assert.hpp"

namespace vss::platform {

base::Instant now() {
  timespec at{};
  VSS_ASSERT(::clock_gettime(CLOCK_BOOTTIME, &at) == 0);
  return {std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec};
}

std::int64_t wall_clock_seconds() {
  timespec at{};
  VSS_ASSERT(::clock_gettime(CLOCK_REALTIME, &at) == 0);
  return at.tv_sec;
}

}  // namespace vss::platform
