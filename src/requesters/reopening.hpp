// When a door that was closed, or could not be opened, is tried again.
#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace vss::requesters {

// Pure. The pause doubles with each failure in a row, from `kFirst` to `longest`.
class Reopening {
 public:
  static constexpr base::Duration kFirst = base::milliseconds{20};
  static constexpr base::Duration kLongest = base::seconds{30};

  explicit Reopening(base::Duration longest = kLongest) : longest_(longest) {}

  base::Instant at() const { return at_; }  // never(): the door is open
  bool is_due(base::Instant now) const { return now >= at_; }

  void opened() { at_ = base::Instant::never(); }
  // The door served well: the next failure is a first one again.
  void proved() { pause_ = kFirst; }
  void failed(base::Instant now) {
    at_ = now + pause_;
    pause_ = std::min(2 * pause_, longest_);
  }

 private:
  base::Instant at_;  // zero: at once
  base::Duration pause_ = kFirst;
  base::Duration longest_;
};

}  // namespace vss::requesters
