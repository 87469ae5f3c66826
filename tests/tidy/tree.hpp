// The source tree as values: the rules look at these, so that their own tests need no files.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace vss::tidy {

struct SourceFile {
  std::string path;  // from the top of the tree: "src/base/time.hpp"
  std::string text;
  bool executable = false;
};
using Tree = std::vector<SourceFile>;

struct Finding {
  std::string path;
  std::size_t line = 0;  // from 1; 0: the whole file
  std::string what;

  friend bool operator==(const Finding&, const Finding&) = default;
};
using Findings = std::vector<Finding>;
std::string to_text(const Finding& finding);  // "path:line: what"

// Every file below `directory` that belongs to the repository: not build/, nothing hidden but .ci/.
Tree read_tree(const std::string& directory);

// --- names of files ---
std::string_view folder_of(std::string_view path);     // "src/base/time.hpp" → "src/base"
std::string_view name_of(std::string_view path);       // → "time.hpp"
std::string_view stem_of(std::string_view path);       // → "time"
std::string_view extension_of(std::string_view path);  // → ".hpp"
bool is_cpp(const SourceFile& file);                   // also headers and C
bool is_header(const SourceFile& file);

std::vector<std::string_view> lines_of(std::string_view text);
std::vector<std::string_view> words_of(std::string_view text);  // separated by blanks

// The word stands in `text` with no letter, digit or _ beside it.
bool has_word(std::string_view text, std::string_view word);
bool is_word_character(char c);

// Each #include of a file: "base/time.hpp" or <vector>, without its brackets.
struct Include {
  std::size_t line = 0;
  std::string_view name;
  bool angle = false;
};
std::vector<Include> includes_of(const SourceFile& file);

// `file` is what `include` names, by the end of its path.
bool is_named_by(const SourceFile& file, const Include& include);

// Who includes what. Views the tree.
class IncludeGraph {
 public:
  explicit IncludeGraph(const Tree& tree);
  // Other files of the tree that include `header`.
  std::vector<const SourceFile*> includers_of(const SourceFile& header) const;

 private:
  struct Edge {
    const SourceFile* from;
    Include include;
  };
  std::unordered_multimap<std::string_view, Edge> by_name_;  // the included file's name
};

// Files that only tests use: *_test.cpp, folders of tests, and headers that only such files
// include.
class TestFiles {
 public:
  explicit TestFiles(const Tree& tree);
  bool contains(const SourceFile& file) const { return files_.contains(&file); }

 private:
  std::unordered_set<const SourceFile*> files_;
};

}  // namespace vss::tidy
