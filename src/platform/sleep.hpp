// Waiting on the clock alone.
#pragma once

#include "base/time.hpp"

namespace vss::platform {

// Sleeps the calling thread; signals do not shorten it. Freeze-safe.
void sleep_for(base::Duration duration);

}  // namespace vss::platform
