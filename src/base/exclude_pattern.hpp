// The patterns of `exclude`: what one speaks of, and which are none. The configuration and
// vss-freezer's command line refuse the same ones; the planner matches. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace vss::base {

struct ExcludePattern {
  enum class Subject : std::uint8_t { kMountPoint, kDevice, kLabel, kType };
  Subject subject{};
  std::string_view pattern;  // for fnmatch(3); views the text
};

inline constexpr std::array kExcludePrefixes = {
    std::pair{std::string_view("device:"), ExcludePattern::Subject::kDevice},
    std::pair{std::string_view("label:"), ExcludePattern::Subject::kLabel},
    std::pair{std::string_view("type:"), ExcludePattern::Subject::kType},
};

// For a message: it must be …
inline constexpr std::string_view kExcludeForms =
    "a pattern of mount points, which begins with '/' (or with '*', '?', '['), or device:, label: "
    "or type: and a pattern";

// Nothing for a text that can match no mount point and has no known prefix, or nothing behind it.
constexpr std::optional<ExcludePattern> parse_exclude_pattern(std::string_view text) {
  for (const auto& [prefix, subject] : kExcludePrefixes) {
    if (!text.starts_with(prefix)) continue;
    if (text.size() == prefix.size()) return std::nullopt;
    return ExcludePattern{subject, text.substr(prefix.size())};
  }
  if (text.empty() || std::string_view("/*?[").find(text.front()) == std::string_view::npos) {
    return std::nullopt;
  }
  return ExcludePattern{ExcludePattern::Subject::kMountPoint, text};
}

}  // namespace vss::base
