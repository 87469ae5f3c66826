// When a door that was closed, or could not be opened, is tried again.
#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace vss::base {

// Pure. The pause doubles with each failure in a row, from `kFirst` to `longest`.
class Reopening {
 public:
  static constexpr Duration kFirst = milliseconds{20};
  static constexpr Duration kLongest = seconds{30};

  explicit Reopening(Duration longest = kLongest) : longest_(longest) {}

  Instant at() const { return at_; }  // never(): the door is open
  bool is_due(Instant now) const { return now >= at_; }

  void opened() { at_ = Instant::never(); }
  // The door served well: the next failure is a first one again.
  void proved() { pause_ = kFirst; }
  void failed(Instant now) {
    at_ = now + pause_;
    pause_ = std::min(2 * pause_, longest_);
  }

 private:
  Instant at_;  // zero: at once
  Duration pause_ = kFirst;
  Duration longest_;
};

}  // namespace vss::base
