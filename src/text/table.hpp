// Columns of text for a terminal. Allocates: not for the freeze window.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vss::text {

// Control characters become `?`: a name from elsewhere must not steer a terminal.
std::string clean(std::string_view text);

// The last column is not padded. Cells are cleaned.
class Table {
 public:
  explicit Table(std::vector<std::string> heads) { rows_.push_back(std::move(heads)); }
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.size() == 1; }
  std::string text() const;  // each line indented by two, ends with a line end

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace vss::text
