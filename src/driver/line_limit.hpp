// How much of the log others may fill, who connect and go as they like.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace vss::driver {

// So many lines in each stretch of time; what is beyond is counted. Pure.
class LineLimit {
 public:
  constexpr LineLimit(std::uint32_t lines, base::Duration stretch)
      : lines_(lines), stretch_(stretch) {}

  // May this line be written? `renew`: false while written lines only wait, as during a hold: then
  // a new stretch begins when that is over.
  bool take(base::Instant now, bool renew) {
    if (renew && (taken_ == 0 || now - began_ >= stretch_)) {
      began_ = now;
      taken_ = 0;
    }
    if (taken_ >= lines_) {
      ++left_out_;
      return false;
    }
    ++taken_;
    return true;
  }

  // How many were not written since the last call.
  std::uint64_t take_left_out() {
    const std::uint64_t count = left_out_;
    left_out_ = 0;
    return count;
  }

 private:
  std::uint32_t lines_;
  base::Duration stretch_;
  base::Instant began_;
  std::uint32_t taken_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace vss::driver
