#include "records/times.hpp"

#include <fmt/format.h>

#include <chrono>

namespace vss::records {
std::string seconds_text(base::Duration duration) {
  // Whole milliseconds: what is next to nothing has no sign.
  const auto ms = std::chrono::round<std::chrono::milliseconds>(duration);
  return fmt::format("{:.3f} s", std::chrono::duration<double>(ms).count());
}

std::string utc_text(std::int64_t seconds_since_1970) {
  using namespace std::chrono;
  // The years 1 to 9999: anything else is a clock that was never set.
  if (seconds_since_1970 < -62135596800 || seconds_since_1970 > 253402300799) return "?";
  const sys_seconds at{seconds(seconds_since_1970)};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace vss::records
