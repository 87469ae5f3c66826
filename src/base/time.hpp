// Time as a value. Pure code is handed an Instant; only platform/clock.hpp reads one.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace vss::base {

using Duration = std::chrono::nanoseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A point on CLOCK_BOOTTIME: monotonic, counts while the machine sleeps, comparable between
// processes of one boot. Travels in frames as nanoseconds.
struct Instant {
  std::int64_t nanoseconds_since_boot = 0;

  static constexpr Instant never() { return {std::numeric_limits<std::int64_t>::max()}; }
  constexpr bool is_never() const { return *this == never(); }

  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant at, Duration by) {
    return at.is_never() ? at : Instant{at.nanoseconds_since_boot + by.count()};
  }
  friend constexpr Instant operator-(Instant at, Duration by) { return at + (-by); }
  friend constexpr Duration operator-(Instant later, Instant earlier) {
    return Duration{later.nanoseconds_since_boot - earlier.nanoseconds_since_boot};
  }
};

constexpr Instant earlier_of(Instant a, Instant b) {
  return a < b ? a : b;
}
constexpr Instant later_of(Instant a, Instant b) {
  return a < b ? b : a;
}

}  // namespace vss::base
