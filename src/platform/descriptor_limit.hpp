// How many descriptors this process may have.
#pragma once

#include <cstddef>

namespace vss::platform {

// At least `wanted`, as far as that is permitted: what does not fit fails when it is opened. Once,
// while starting.
void allow_descriptors(std::size_t wanted);

}  // namespace vss::platform
