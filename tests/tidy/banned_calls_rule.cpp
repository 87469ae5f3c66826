#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "tidy/rules.hpp"
#include "tidy/stripped.hpp"

namespace vss::tidy {
namespace {

constexpr const char* kListPath = "tests/tidy/banned_calls.txt";

struct Ban {
  std::string set;
  std::string_view item;  // "open()", "<syslog.h>", "std::regex"
  std::string_view why;
  std::string_view use;
};
struct Allowed {
  std::size_t line = 0;
  std::string_view path;
  std::string_view item;
  bool used = false;
};
struct List {
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> folders;
  std::vector<Ban> bans;
  std::vector<Allowed> allowed;
  Findings malformed;
};

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::vector<std::string_view> columns_of(std::string_view line) {
  std::vector<std::string_view> columns;
  while (true) {
    const std::size_t bar = line.find(" | ");
    columns.push_back(trimmed(line.substr(0, bar)));
    if (bar == std::string_view::npos) return columns;
    line.remove_prefix(bar + 3);
  }
}

void parse_line(std::string_view line, std::size_t number, List& list) {
  const auto columns = columns_of(line);
  const auto words = words_of(columns[0]);
  if (words[0] == "folders" && words.size() > 2 && columns.size() == 1) {
    list.folders[std::string(words[1])] = {words.begin() + 2, words.end()};
  } else if (words[0] == "allow" && words.size() > 2 && columns.size() == 2 &&
             !columns[1].empty()) {
    for (std::size_t i = 2; i < words.size(); ++i)
      list.allowed.push_back({number, words[1], words[i]});
  } else if (columns.size() == 4 && words.size() == 1 && list.folders.contains(words[0]) &&
             !columns[2].empty() && !columns[3].empty()) {
    for (const std::string_view item : words_of(columns[1])) {
      list.bans.push_back({std::string(words[0]), item, columns[2], columns[3]});
    }
  } else {
    list.malformed.push_back({kListPath, number, "is no line of this file (see its head)"});
  }
}

List parse_list(std::string_view text) {
  List list;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    if (!trimmed(line).empty() && !line.starts_with('#')) parse_line(line, number, list);
  }
  return list;
}

// The last word before `at`, over blanks; empty when something else stands there.
std::string_view word_before(std::string_view text, std::size_t at) {
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\n'))
    --at;
  const std::size_t end = at;
  while (at > 0 && is_word_character(text[at - 1]))
    --at;
  return text.substr(at, end - at);
}

// `name` at `at` is called as a function of the system: `name(`, `::name(`, `std::name(`; not a
// member, not another class's, and no declaration (a type's name stands before that).
bool is_call(std::string_view text, std::size_t at, std::string_view name) {
  std::size_t after = at + name.size();
  while (after < text.size() && (text[after] == ' ' || text[after] == '\n'))
    ++after;
  if (after == text.size() || text[after] != '(') return false;
  if (at >= 2 && text.substr(at - 2, 2) == "::") {
    const std::string_view scope = word_before(text, at - 2);
    const bool touches = at >= 3 && is_word_character(text[at - 3]);
    return !touches || scope == "std";
  }
  if (at >= 1 && text[at - 1] == '.') return false;
  if (at >= 2 && text.substr(at - 2, 2) == "->") return false;
  const std::string_view before = word_before(text, at);
  if (!before.empty()) return before == "return" || before == "co_return" || before == "else";
  std::size_t end = at;
  while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\n'))
    --end;
  if (end == 0) return true;
  const bool declares =
      text[end - 1] == '>' || text[end - 1] == '*' || text[end - 1] == '&' || text[end - 1] == '~';
  const bool logical_and = end >= 2 && text.substr(end - 2, 2) == "&&" && text[at - 1] == ' ' &&
                           end >= 3 && text[end - 3] == ' ';
  return !declares || logical_and;
}

// Where each word stands in a file's code.
using Words = std::unordered_multimap<std::string_view, std::size_t>;

Words words_in(std::string_view code) {
  Words words;
  for (std::size_t at = 0; at < code.size();) {
    std::size_t end = at;
    while (end < code.size() && is_word_character(code[end]))
      ++end;
    if (end > at) words.emplace(code.substr(at, end - at), at);
    at = std::max(end, at + 1);
  }
  return words;
}

// The item stands at this place of its last word.
bool stands_at(std::string_view code, std::size_t at, std::string_view word,
               std::string_view item) {
  if (item.ends_with("()")) {
    const bool qualified = item.size() > word.size() + 2;  // std::stoi()
    return is_call(code, at, word) && (!qualified || code.substr(0, at).ends_with("std::"));
  }
  const std::string_view scope = item.substr(0, item.size() - word.size());
  return code.substr(0, at).ends_with(scope);
}

// The last word of "std::filesystem", "open()", "std::stoi()".
std::string_view last_word_of(std::string_view item) {
  if (item.ends_with("()")) item.remove_suffix(2);
  const std::size_t scope = item.rfind(':');
  return scope == std::string_view::npos ? item : item.substr(scope + 1);
}

std::vector<std::size_t> lines_with(const SourceFile& file, std::string_view code,
                                    const Words& words, std::string_view item) {
  std::vector<std::size_t> lines;
  if (item.starts_with('<')) {
    for (const Include& include : includes_of(file)) {
      const bool same = include.angle && include.name == item.substr(1, item.size() - 2);
      if (same) lines.push_back(include.line);
    }
    return lines;
  }
  const std::string_view word = last_word_of(item);
  const auto [begin, end] = words.equal_range(word);
  for (auto i = begin; i != end; ++i) {
    if (!stands_at(code, i->second, word, item)) continue;
    lines.push_back(1 +
                    static_cast<std::size_t>(std::ranges::count(code.substr(0, i->second), '\n')));
  }
  std::ranges::sort(lines);
  return lines;
}

// src/devices/socket/x.cpp → "devices"; empty elsewhere.
std::string_view source_folder(std::string_view path) {
  if (!path.starts_with("src/")) return {};
  path.remove_prefix(4);
  return path.substr(0, path.find('/'));
}

bool is_allowed(List& list, const SourceFile& file, std::string_view item) {
  for (Allowed& allowed : list.allowed) {
    if (allowed.path != file.path || allowed.item != item) continue;
    allowed.used = true;
    return true;
  }
  return false;
}

}  // namespace

Findings check_banned_calls(const Tree& tree, std::string_view banned) {
  List list = parse_list(banned);
  Findings findings = list.malformed;
  const TestFiles tests(tree);
  for (const SourceFile& file : tree) {
    const std::string_view folder = source_folder(file.path);
    if (!is_cpp(file) || folder.empty() || tests.contains(file)) continue;
    const std::string code = stripped(file.text);
    const Words words = words_in(code);
    for (const Ban& ban : list.bans) {
      if (!list.folders.find(ban.set)->second.contains(folder)) continue;
      for (const std::size_t line : lines_with(file, code, words, ban.item)) {
        if (is_allowed(list, file, ban.item)) continue;
        findings.push_back({file.path, line,
                            std::string(ban.item) + " in a " + ban.set + " folder: " +
                                std::string(ban.why) + "; use " + std::string(ban.use)});
      }
    }
  }
  for (const Allowed& allowed : list.allowed) {
    if (allowed.used) continue;
    findings.push_back({kListPath, allowed.line,
                        "nothing needs this exception: " + std::string(allowed.path) + " " +
                            std::string(allowed.item)});
  }
  return findings;
}

}  // namespace vss::tidy
