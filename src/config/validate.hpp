// What cannot work, although each value alone is allowed.
#pragma once

#include "config/configuration.hpp"
#include "config/schema.hpp"

namespace vss::config {

// Pure. Adds what it finds to the problems; sets hold_limit.
void validate(Draft& draft, const KernelLimits& kernel, Problems& problems);

}  // namespace vss::config
