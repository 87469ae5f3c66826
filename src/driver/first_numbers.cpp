#include "driver/first_numbers.hpp"

#include <algorithm>

namespace vss::driver {

coordinator::FirstNumbers first_numbers(std::int64_t wall_clock_seconds, std::uint64_t random,
                                        base::TransactionId before,
                                        std::initializer_list<base::TransactionId> seen) {
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(wall_clock_seconds, 0));
  const std::uint64_t second = std::max(now, (before.value >> base::kTransactionCounterBits) + 1);
  base::TransactionId last{second << base::kTransactionCounterBits};
  for (const base::TransactionId id : seen)
    last = std::max(last, id);
  return {.transaction = {last.value + 1}, .message_id = random == 0 ? 1 : random};
}

}  // namespace vss::driver
