#include "driver/log.hpp"

#include "platform/clock.hpp"
#include "platform/console.hpp"
#include "platform/log_output.hpp"

namespace vss::driver {

void Log::append(base::LogSeverity severity, std::string_view text) {
  if (severity > least_) return;
  ring_.append({.severity = severity, .at = platform::now(), .text = text});
}

bool Log::flush() {
  while (!ring_.empty()) {
    base::FixedText<512> line{"vssd: "};
    if (ring_.front().severity == base::LogSeverity::kError) line.append("error: ");
    if (ring_.front().severity == base::LogSeverity::kWarning) line.append("warning: ");
    line.append(ring_.front().text);
    // A line that was cut by its limit still ends.
    const auto outcome = platform::write_log_line(
        descriptor_, base::FixedText<512>{line.view().substr(0, 511)}.append("\n"));
    if (outcome == platform::LogWrite::kWouldBlock) return false;
    ring_.pop();
    if (const auto dropped = ring_.take_dropped(); dropped > 0) {
      warning(base::FixedText<96>{}.append_number(dropped).append(
          " log lines were dropped: nobody read standard error"));
    }
  }
  return true;
}

void Log::flush_at_end(bool disks_may_be_frozen) {
  if (!disks_may_be_frozen || platform::leads_to_no_file(descriptor_)) flush();
}

}  // namespace vss::driver
