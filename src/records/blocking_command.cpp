#include "records/blocking_command.hpp"

#include <vector>

namespace vss::records {
namespace {

// Quotes and shell punctuation end a word: a script's text is as good as an argument vector here.
std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBetween = " \t\n'\"`;&|()";
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(kBetween); at != std::string_view::npos;) {
    const std::size_t end = line.find_first_of(kBetween, at);
    words.push_back(line.substr(at, end - at));
    if (end == std::string_view::npos) break;
    at = line.find_first_not_of(kBetween, end);
  }
  return words;
}

std::string_view base_name(std::string_view word) {
  return word.substr(word.rfind('/') + 1);
}

// btrfs takes unambiguous beginnings of its commands: `btrfs sub snap`.
bool begins(std::string_view whole, std::string_view word, std::size_t at_least) {
  return word.size() >= at_least && whole.starts_with(word);
}

}  // namespace

std::optional<std::string_view> command_that_blocks(std::string_view command_line) {
  const auto words = words_of(command_line);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view program = base_name(words[i]);
    if (program == "btrfs" && i + 2 < words.size() && begins("subvolume", words[i + 1], 2) &&
        begins("snapshot", words[i + 2], 2)) {
      return "btrfs subvolume snapshot";
    }
    if (program != "lvcreate") continue;
    for (std::size_t j = i + 1; j < words.size(); ++j) {
      const std::string_view option = words[j];
      if (option.starts_with("-s") || option.starts_with("--sn")) return "lvcreate -s";
    }
  }
  return std::nullopt;
}

}  // namespace vss::records
