#include "config/nearest_name.hpp"

#include <algorithm>
#include <vector>

namespace vss::config {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment; three rows are enough for the swap of neighbours.
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::optional<std::string_view> nearest_name(std::string_view wrong,
                                             std::span<const std::string_view> right) {
  std::optional<std::string_view> best;
  std::size_t best_distance = 0;
  for (const std::string_view name : right) {
    const std::size_t distance = edit_distance(wrong, name);
    if (2 * distance > std::max(name.size(), wrong.size())) continue;
    if (!best || distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string allowed_names(std::string_view wrong, std::span<const std::string_view> right) {
  std::string text;
  if (const auto near = nearest_name(wrong, right)) {
    text += "; did you mean \"" + std::string(*near) + "\"?";
  }
  std::vector<std::string_view> sorted(right.begin(), right.end());
  std::ranges::sort(sorted);
  text += text.empty() ? "; allowed: " : " Allowed: ";
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0) text += ", ";
    text += sorted[i];
  }
  return text;
}

}  // namespace vss::config
