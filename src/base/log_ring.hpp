// Log lines that wait in memory: a bounded ring that never blocks and never allocates once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/fixed_text.hpp"
#include "base/time.hpp"

namespace vss::base {

enum class LogSeverity : std::uint8_t { kError, kWarning, kInfo, kDebug };

struct LogLine {
  LogSeverity severity = LogSeverity::kInfo;
  Instant at;
  FixedText<480> text;
};

// A full ring refuses the newest line and counts it: the first lines of a trouble say more than the
// last. One thread; freeze-safe after construction.
class LogRing {
 public:
  explicit LogRing(std::size_t lines_max) : lines_(lines_max) {}

  void append(const LogLine& line) {
    if (count_ == lines_.size()) {
      ++dropped_;
      return;
    }
    lines_[(first_ + count_++) % lines_.size()] = line;
  }

  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  const LogLine& front() const { return lines_[first_]; }  // not when empty
  void pop() {
    first_ = (first_ + 1) % lines_.size();
    --count_;
  }

  // How many lines were refused since the last call.
  std::uint64_t take_dropped() {
    const std::uint64_t dropped = dropped_;
    dropped_ = 0;
    return dropped;
  }

 private:
  std::vector<LogLine> lines_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace vss::base
