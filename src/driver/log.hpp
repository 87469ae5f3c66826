// vssd's log: lines wait in memory while anything is frozen, and reach standard error when it takes
// them.
#pragma once

#include <string_view>

#include "base/log_ring.hpp"

namespace vss::driver {

// One thread. Appending is freeze-safe; flush() is called outside the freeze window only and never
// blocks: what standard error does not take stays in the ring, and what the ring does not take is
// counted and said.
class Log {
 public:
  Log(int descriptor, base::LogSeverity least) : descriptor_(descriptor), least_(least) {}

  void append(base::LogSeverity severity, std::string_view text);
  void error(std::string_view text) { append(base::LogSeverity::kError, text); }
  void warning(std::string_view text) { append(base::LogSeverity::kWarning, text); }
  void info(std::string_view text) { append(base::LogSeverity::kInfo, text); }
  void debug(std::string_view text) { append(base::LogSeverity::kDebug, text); }

  // True: everything is written. False: call again later.
  bool flush();
  // The last call, before the process ends: with `disks_may_be_frozen` nothing is written to a
  // file, which might never return.
  void flush_at_end(bool disks_may_be_frozen);

 private:
  static constexpr std::size_t kLinesMax = 2048;

  int descriptor_;
  base::LogSeverity least_;
  base::LogRing ring_{kLinesMax};
};

}  // namespace vss::driver
