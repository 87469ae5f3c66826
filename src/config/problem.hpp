// What is wrong with a configuration, and where: collected, so that one run names everything.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace vss::config {

// Where a value was written. Line 0: nowhere, it is the default or came from the command line.
struct Place {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct Problem {
  Place place;
  std::string message;  // what is wrong and what is allowed
};

class Problems {
 public:
  void add(Place place, std::string message) {
    list_.push_back({std::move(place), std::move(message)});
  }
  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size(); }

  // One `file:line:column: message` a line; the last without a line end.
  std::string text() const {
    std::string text;
    for (const auto& [place, message] : list_) {
      if (!text.empty()) text += '\n';
      if (!place.file.empty()) text += place.file + ':';
      if (place.line != 0) {
        text += std::to_string(place.line) + ':' + std::to_string(place.column) + ':';
      }
      if (!text.empty() && text.back() == ':') text += ' ';
      text += message;
    }
    return text;
  }

 private:
  std::vector<Problem> list_;
};

}  // namespace vss::config
