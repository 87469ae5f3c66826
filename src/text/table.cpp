#include "text/table.hpp"

#include <algorithm>

namespace vss::text {
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

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const auto& cells : rows_) {
    widths.resize(std::max(widths.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      widths[i] = std::max(widths[i], width(clean(cells[i])));
    }
  }
  std::string all;
  for (const auto& cells : rows_) {
    std::string line = "  ";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string cell = clean(cells[i]);
      line += cell;
      if (i + 1 < cells.size()) line.append(widths[i] - width(cell) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    all += line + '\n';
  }
  return all;
}

}  // namespace vss::text
