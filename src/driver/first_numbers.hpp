// The numbers that a driver starts with, above everything that any driver before it gave out.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "coordinator/coordinator.hpp"

namespace vss::driver {

// `before`: the first number of the driver before this one, which may have started within this
// second and given out numbers that nobody wrote down. `seen`: the highest number in the records,
// the one in the note, the thawed page's. None where there is none. Pure.
coordinator::FirstNumbers first_numbers(std::int64_t wall_clock_seconds, std::uint64_t random,
                                        base::TransactionId before,
                                        std::initializer_list<base::TransactionId> seen);

}  // namespace vss::driver
