#include "driver/first_numbers.hpp"

#include <algorithm>

namespace vss::driver {

coordinator::FirstNumbers first_numbers(std::int64_t wall_clock_seconds, std::uint64_t random,
                                        std::initializer_list<base::TransactionId> seen) {
  base::TransactionId last{static_cast<std::uint64_t>(std::max<std::int64_t>(wall_clock_seconds, 0))
                           << base::kTransactionCounterBits};
  for (const base::TransactionId id : seen)
    last = std::max(last, id);
  return {.transaction = {last.value + 1}, .message_id = random == 0 ? 1 : random};
}

}  // namespace vss::driver
