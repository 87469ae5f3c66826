// Numbers that nobody can guess.
#pragma once

#include <cstdint>

namespace vss::platform {

// From the kernel (getrandom). May wait in the first second of a boot: not freeze-safe.
std::uint64_t random_number();

}  // namespace vss::platform
