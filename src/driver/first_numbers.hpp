// The numbers that a driver starts with, above everything that any driver before it gave out.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "coordinator/coordinator.hpp"

namespace vss::driver {

// `seen`: the highest number in the records, the note's, the thawed page's; none where there is
// none. The clock alone would do, if it never went back. Pure.
coordinator::FirstNumbers first_numbers(std::int64_t wall_clock_seconds, std::uint64_t random,
                                        std::initializer_list<base::TransactionId> seen);

}  // namespace vss::driver
