#include "tidy/tree.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace vss::tidy {
namespace {

namespace fs = std::filesystem;

constexpr std::array kTestFolders = {"tests/", "fuzz/", "bench/"};

bool is_outside(const fs::path& relative) {
  const std::string first = relative.begin()->string();
  if (first == "build") return true;
  return std::ranges::any_of(relative, [](const fs::path& part) {
    const std::string name = part.string();
    return name == "__pycache__" || name == ".git" ||
           (name.starts_with('.') && name.ends_with(".swp"));
  });
}

}  // namespace

std::string to_text(const Finding& finding) {
  const std::string line = finding.line == 0 ? "" : ":" + std::to_string(finding.line);
  return finding.path + line + ": " + finding.what;
}

Tree read_tree(const std::string& directory) {
  Tree tree;
  for (auto i = fs::recursive_directory_iterator(directory); i != fs::end(i); ++i) {
    const fs::path relative = fs::relative(i->path(), directory);
    if (is_outside(relative)) {
      i.disable_recursion_pending();
      continue;
    }
    if (!i->is_regular_file() || i->is_symlink()) continue;
    std::ifstream file(i->path(), std::ios::binary);
    SourceFile source;
    source.path = relative.generic_string();
    source.text = {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    source.executable = (i->status().permissions() & fs::perms::owner_exec) != fs::perms::none;
    tree.push_back(std::move(source));
  }
  std::ranges::sort(tree, {}, &SourceFile::path);
  return tree;
}

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view stem_of(std::string_view path) {
  const std::string_view name = name_of(path);
  return name.substr(0, name.rfind('.'));
}

std::string_view extension_of(std::string_view path) {
  const std::string_view name = name_of(path);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot);
}

bool is_header(const SourceFile& file) {
  const auto extension = extension_of(file.path);
  return extension == ".hpp" || extension == ".h";
}

bool is_cpp(const SourceFile& file) {
  const auto extension = extension_of(file.path);
  return is_header(file) || extension == ".cpp" || extension == ".c";
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kBlank = " \t\n";
  std::vector<std::string_view> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
    if (text.empty()) return words;
    const std::size_t end = std::min(text.find_first_of(kBlank), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = at == 0 || !is_word_character(text[at - 1]);
    const bool ends = end == text.size() || !is_word_character(text[end]);
    if (begins && ends) return true;
  }
  return false;
}

std::vector<Include> includes_of(const SourceFile& file) {
  std::vector<Include> includes;
  std::size_t number = 0;
  for (std::string_view line : lines_of(file.text)) {
    ++number;
    constexpr std::string_view kInclude = "#include ";
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (!line.starts_with(kInclude) || line.size() < kInclude.size() + 2) continue;
    line.remove_prefix(kInclude.size());
    const bool angle = line.front() == '<';
    const std::size_t end = line.find(angle ? '>' : '"', 1);
    if (end != std::string_view::npos) includes.push_back({number, line.substr(1, end - 1), angle});
  }
  return includes;
}

bool is_named_by(const SourceFile& file, const Include& include) {
  if (!file.path.ends_with(include.name)) return false;
  const std::size_t before = file.path.size() - include.name.size();
  return before == 0 || file.path[before - 1] == '/';
}

IncludeGraph::IncludeGraph(const Tree& tree) {
  for (const SourceFile& file : tree) {
    if (!is_cpp(file)) continue;
    for (const Include& include : includes_of(file)) {
      by_name_.emplace(name_of(include.name), Edge{&file, include});
    }
  }
}

std::vector<const SourceFile*> IncludeGraph::includers_of(const SourceFile& header) const {
  std::vector<const SourceFile*> includers;
  const auto [begin, end] = by_name_.equal_range(name_of(header.path));
  for (auto i = begin; i != end; ++i) {
    const Edge& edge = i->second;
    if (edge.from != &header && is_named_by(header, edge.include)) includers.push_back(edge.from);
  }
  return includers;
}

TestFiles::TestFiles(const Tree& tree) {
  for (const SourceFile& file : tree) {
    const bool test =
        stem_of(file.path).ends_with("_test") || file.path.find("/testing/") != std::string::npos ||
        std::ranges::any_of(kTestFolders,
                            [&](const char* folder) { return file.path.starts_with(folder); });
    if (test) files_.insert(&file);
  }
  const IncludeGraph graph(tree);
  // A header of tests may include another: until nothing is added.
  for (bool added = true; added;) {
    added = false;
    for (const SourceFile& header : tree) {
      if (!is_header(header) || header.path.starts_with("include/") || contains(header)) continue;
      const auto includers = graph.includers_of(header);
      if (includers.empty()) continue;
      const bool only_tests =
          std::ranges::all_of(includers, [&](const SourceFile* file) { return contains(*file); });
      if (only_tests) added = files_.insert(&header).second;
    }
  }
}

}  // namespace vss::tidy
