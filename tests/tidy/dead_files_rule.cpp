#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tidy/rules.hpp"

namespace vss::tidy {
namespace {

constexpr std::string_view kCmakeLists = "CMakeLists.txt";

// The words of a CMakeLists.txt that may be names of files: separators are blanks, brackets,
// quotes.
std::vector<std::string> cmake_words(std::string_view text) {
  std::string clean;
  for (const std::string_view line : lines_of(text)) {
    clean.append(line.substr(0, line.find('#'))).append("\n");
  }
  std::ranges::replace_if(clean, [](char c) { return c == '(' || c == ')' || c == '"'; }, ' ');
  const auto words = words_of(clean);
  return {words.begin(), words.end()};
}

bool globs(std::string_view pattern, const std::string& relative) {
  constexpr std::string_view kHere = "${CMAKE_CURRENT_SOURCE_DIR}/";
  if (pattern.starts_with(kHere)) pattern.remove_prefix(kHere.size());
  if (pattern.find('*') == std::string_view::npos) return false;
  return ::fnmatch(std::string(pattern).c_str(), relative.c_str(), FNM_PATHNAME) == 0;
}

// One CMakeLists.txt takes `relative` (seen from its folder): by a glob, by vss_folder(), which
// globs, by its name, or by its stem where a function completes that (crash_table →
// crash_table_test.py).
bool takes(const SourceFile& lists, const std::string& relative) {
  std::string_view stem = stem_of(relative);
  std::string_view short_stem = stem;
  if (short_stem.ends_with("_test")) short_stem.remove_suffix(5);
  for (const std::string& word : cmake_words(lists.text)) {
    if (word == "vss_folder" && globs("*.cpp", relative)) return true;
    if (globs(word, relative) || word == relative || word == stem || word == short_stem)
      return true;
    if (word.ends_with("/" + relative) || has_word(word, name_of(relative))) return true;
  }
  return false;
}

// Some CMakeLists.txt of its folder or of one above takes it.
bool in_a_target(const Tree& tree, const SourceFile& file) {
  for (const SourceFile& lists : tree) {
    if (name_of(lists.path) != kCmakeLists) continue;
    const std::string folder(folder_of(lists.path));
    const std::string prefix = folder.empty() ? "" : folder + "/";
    if (file.path.starts_with(prefix) && takes(lists, file.path.substr(prefix.size()))) return true;
  }
  return false;
}

bool is_script(const SourceFile& file) {
  const auto extension = extension_of(file.path);
  return extension == ".py" || extension == ".sh" || file.text.starts_with("#!");
}

// A script that another file names, or imports. What starts with a dot is named by a tool
// (.ci/run).
bool named(const Tree& tree, const SourceFile& script) {
  const std::string_view name = name_of(script.path);
  if (script.path.starts_with('.') || name == "__init__.py" || in_a_target(tree, script))
    return true;
  return std::ranges::any_of(tree, [&](const SourceFile& file) {
    if (file.path == script.path) return false;
    if (has_word(file.text, name)) return true;
    return extension_of(script.path) == ".py" && extension_of(file.path) == ".py" &&
           has_word(file.text, stem_of(script.path));
  });
}

}  // namespace

Findings check_dead_files(const Tree& tree) {
  Findings findings;
  const IncludeGraph graph(tree);
  for (const SourceFile& file : tree) {
    if (is_header(file)) {
      if (graph.includers_of(file).empty())
        findings.push_back({file.path, 0, "no file includes this header"});
    } else if (is_cpp(file)) {
      if (!in_a_target(tree, file)) findings.push_back({file.path, 0, "no target compiles this"});
    } else if (is_script(file) && !named(tree, file)) {
      findings.push_back({file.path, 0, "nothing names this script"});
    }
  }
  return findings;
}

}  // namespace vss::tidy
