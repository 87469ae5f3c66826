// The numbers that name things across processes.
#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/fixed_text.hpp"

namespace vss::base {

// One transaction (a CHECK, or PREPARE … THAW). Never reused, increasing over restarts of the
// driver: the upper bits are the second in which the driver started, the lower 20 a counter; the
// driver starts above every number it finds in its records, its note and the thawed page. It is
// also the generation of the freezer's slots. 0 is "none". People see `6a11f0c2-3`.
struct TransactionId {
  std::uint64_t value = 0;

  constexpr bool valid() const { return value != 0; }
  friend constexpr auto operator<=>(TransactionId, TransactionId) = default;
};

inline constexpr unsigned kTransactionCounterBits = 20;

inline FixedText<32> to_text(TransactionId id) {
  char digits[32];
  FixedText<32> text;
  auto end = std::to_chars(digits, digits + sizeof digits, id.value >> kTransactionCounterBits, 16);
  text.append({digits, static_cast<std::size_t>(end.ptr - digits)});
  text.append("-");
  return text.append_number(id.value & ((1ULL << kTransactionCounterBits) - 1));
}

// The inverse of to_text; nothing for what to_text never prints.
inline std::optional<TransactionId> parse_transaction_id(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  std::uint64_t upper = 0;
  std::uint64_t lower = 0;
  const char* end = text.data() + text.size();
  auto a = std::from_chars(text.data(), text.data() + dash, upper, 16);
  auto b = std::from_chars(text.data() + dash + 1, end, lower, 10);
  const bool whole =
      a.ec == std::errc{} && b.ec == std::errc{} && a.ptr == text.data() + dash && b.ptr == end;
  if (!whole || upper >= (1ULL << 44) || lower >= (1ULL << kTransactionCounterBits)) {
    return std::nullopt;
  }
  const TransactionId id{(upper << kTransactionCounterBits) | lower};
  if (!id.valid() || to_text(id).view() != text) return std::nullopt;
  return id;
}

}  // namespace vss::base
