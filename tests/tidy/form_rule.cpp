#include <algorithm>
#include <array>
#include <string>

#include "tidy/rules.hpp"

namespace vss::tidy {
namespace {

constexpr std::size_t kColumnsMax = 100;

// Split, so that this file does not hold them.
constexpr std::array kUnfinished = {
    "TO"
    "DO",
    "FIX"
    "ME",
    "X"
    "XX"};

// Characters, not bytes: UTF-8's continuation bytes take no column.
std::size_t columns_of(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

bool is_data(const SourceFile& file) {
  return file.path.starts_with("fuzz/corpus/") || file.text.find('\0') != std::string::npos;
}

bool is_makefile(const SourceFile& file) {
  return name_of(file.path) == "Makefile" || extension_of(file.path) == ".mk" ||
         file.path.ends_with("debian/rules");
}

void check_line(const SourceFile& file, std::size_t number, std::string_view line,
                Findings& findings) {
  const auto find = [&](std::string what) {
    findings.push_back({file.path, number, std::move(what)});
  };
  if (is_cpp(file) && columns_of(line) > kColumnsMax) {
    find(std::to_string(columns_of(line)) + " columns, at most " + std::to_string(kColumnsMax));
  }
  if (!is_makefile(file) && line.find('\t') != std::string_view::npos) find("a tab");
  if (line.ends_with(' ') || line.ends_with('\r')) find("blanks at the line's end");
  for (const std::string_view note : kUnfinished) {
    if (has_word(line, note)) find(std::string(note) + ": finish it, or open an issue");
  }
}

// Only where the path is long enough to be nothing but this checkout.
void check_checkout(const SourceFile& file, std::string_view checkout, Findings& findings) {
  if (std::ranges::count(checkout, '/') < 2) return;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(file.text)) {
    ++number;
    if (!has_word(line, checkout)) continue;
    findings.push_back({file.path, number, "a path of this machine: " + std::string(checkout)});
  }
}

}  // namespace

Findings check_form(const Tree& tree, std::string_view checkout) {
  Findings findings;
  for (const SourceFile& file : tree) {
    if (is_data(file)) continue;
    std::size_t number = 0;
    for (const std::string_view line : lines_of(file.text))
      check_line(file, ++number, line, findings);
    if (!file.text.empty() && !file.text.ends_with('\n')) {
      findings.push_back({file.path, number, "no newline at the end"});
    }
    if (file.text.ends_with("\n\n")) findings.push_back({file.path, number, "a blank last line"});
    const bool script = file.text.starts_with("#!");
    if (file.executable != script) {
      findings.push_back({file.path, 0,
                          script ? "starts with #! and is not executable"
                                 : "is executable and does not start with #!"});
    }
    check_checkout(file, checkout, findings);
  }
  return findings;
}

}  // namespace vss::tidy
