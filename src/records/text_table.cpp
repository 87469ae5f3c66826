#include "records/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace vss::records {
namespace {

// Code points; good enough for the names of mounts and writers.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace

std::string clean(std::string_view text) {
  std::string result(text);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto byte = static_cast<unsigned char>(result[i]);
    if (byte < 0x20 || byte == 0x7f) result[i] = '?';
    // U+0080 to U+009F are control characters too, and a terminal may obey them.
    const bool c1 =
        byte == 0xc2 && i + 1 < result.size() && static_cast<unsigned char>(result[i + 1]) < 0xa0;
    if (c1) result.replace(i, 2, "?");
  }
  return result;
}

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

std::string TextTable::text() const {
  std::vector<std::size_t> widths;
  for (const auto& cells : rows_) {
    widths.resize(std::max(widths.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      widths[i] = std::max(widths[i], width(clean(cells[i])));
    }
  }
  std::string text;
  for (const auto& cells : rows_) {
    std::string line = "  ";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string cell = clean(cells[i]);
      line += cell;
      if (i + 1 < cells.size()) line.append(widths[i] - width(cell) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace vss::records
