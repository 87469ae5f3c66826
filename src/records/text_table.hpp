// Columns of text for a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace vss::records {

// Control characters become `?`: a name from elsewhere must not steer a terminal.
std::string clean(std::string_view text);
std::string seconds_text(base::Duration duration);      // "0.120 s"
std::string utc_text(std::int64_t seconds_since_1970);  // "2026-11-22 18:05:10 UTC"

// The last column is not padded. Cells are cleaned.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heads) { rows_.push_back(std::move(heads)); }
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.size() == 1; }
  std::string text() const;  // each line indented by two, ends with a line end

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace vss::records
