// "Did you mean …?": the right name nearest to a wrong one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vss::config {

// How many insertions, deletions, changes and swaps of neighbours lie between two words.
std::size_t edit_distance(std::string_view a, std::string_view b);

// Nothing when no name is near enough to be what was meant (more than half of its letters differ).
std::optional<std::string_view> nearest_name(std::string_view wrong,
                                             std::span<const std::string_view> right);

// `; did you mean "hold"? Allowed: check, hold`: the end of a message about a wrong word.
std::string allowed_names(std::string_view wrong, std::span<const std::string_view> right);

}  // namespace vss::config
