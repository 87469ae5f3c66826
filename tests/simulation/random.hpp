// A small generator of our own, so that one seed means one run on every machine and library.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace vss::simulation {

// SplitMix64's finisher: spreads every bit of the input over the whole word.
constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

// A seed for a part of a run that depends on the whole's seed and the part's number only: removing
// another part (as shortening a failing run does) leaves it as it was.
constexpr std::uint64_t derive(std::uint64_t seed, std::uint64_t part) {
  return mix(seed + 0x9e3779b97f4a7c15ULL * (part + 1));
}

class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15ULL); }
  // Below `limit`, which is not 0. The modulo's bias is far below what a simulation can see.
  constexpr std::uint64_t below(std::uint64_t limit) { return next() % limit; }
  constexpr bool one_in(std::uint64_t n) { return below(n) == 0; }
  constexpr base::Duration between(base::Duration least, base::Duration most) {
    const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
    return least + base::Duration{static_cast<std::int64_t>(below(span))};
  }

 private:
  std::uint64_t state_;
};

}  // namespace vss::simulation
