#include <algorithm>
#include <string>
#include <vector>

#include "tidy/rules.hpp"
#include "tidy/stripped.hpp"

namespace vss::tidy {
namespace {

constexpr std::size_t kFunctionLinesMax = 70;
constexpr std::size_t kFileLinesMax = 400;

// Walks the braces of stripped code. What opens one is judged by the text since the last ; { or }.
class Functions {
 public:
  Functions(const SourceFile& file, Findings& findings) : file_(file), findings_(findings) {}

  void walk(std::string_view code) {
    for (const char c : code) {
      if (c == '\n') ++line_;
      if (c == '{') {
        open();
      } else if (c == '}') {
        close();
      } else if (c == ';' && brackets_ == 0) {
        head_.clear();
      } else {
        if (c == '(') ++brackets_;
        if (c == ')' && brackets_ > 0) --brackets_;
        if (head_.empty() && (c == ' ' || c == '\n')) continue;
        if (head_.empty()) head_line_ = line_;
        head_ += c == '\n' ? ' ' : c;
      }
    }
  }

 private:
  enum class Kind { kScope, kFunction, kOther };
  struct Brace {
    Kind kind;
    std::size_t line;  // where its head begins
    std::string head;  // to go on with after an initialiser in a constructor's list
    int brackets;
  };

  // A list of members to initialise stands before a constructor's body: `: a_(x), b_{y} {`.
  bool initialises_a_member() const {
    const std::size_t end = head_.find_last_not_of(' ');
    return end != std::string::npos && is_word_character(head_[end]) &&
           head_.find(')') != std::string::npos && head_.find(") :") != std::string::npos;
  }

  Kind kind_of_head() const {
    const bool nested = !braces_.empty() && braces_.back().kind != Kind::kScope;
    if (nested || brackets_ > 0) return Kind::kOther;
    for (const std::string_view word : {"namespace", "class", "struct", "union", "extern"}) {
      if (head_.starts_with(word) || has_word(head_.substr(0, head_.find('(')), word)) {
        if (head_.find(')') == std::string::npos || word == "namespace") return Kind::kScope;
      }
    }
    const std::size_t equals = head_.find(" = ");
    const bool initialiser = equals != std::string::npos && equals < head_.find('(');
    return head_.find(')') != std::string::npos && !initialiser ? Kind::kFunction : Kind::kOther;
  }

  void open() {
    if (kind_of_head() == Kind::kFunction && initialises_a_member()) {
      braces_.push_back({Kind::kOther, head_line_, head_, brackets_});
    } else {
      braces_.push_back({kind_of_head(), head_.empty() ? line_ : head_line_, "", brackets_});
    }
    head_.clear();
    brackets_ = 0;
  }

  void close() {
    if (braces_.empty()) return;
    const Brace brace = std::move(braces_.back());
    braces_.pop_back();
    const std::size_t lines = line_ - brace.line + 1;
    if (brace.kind == Kind::kFunction && lines > kFunctionLinesMax) {
      findings_.push_back({file_.path, brace.line,
                           "a function of " + std::to_string(lines) + " lines, at most " +
                               std::to_string(kFunctionLinesMax)});
    }
    head_ = brace.head.empty() ? "" : brace.head + "}";
    if (!head_.empty()) head_line_ = brace.line;
    brackets_ = brace.brackets;
  }

  const SourceFile& file_;
  Findings& findings_;
  std::vector<Brace> braces_;
  std::string head_;
  std::size_t head_line_ = 1;
  std::size_t line_ = 1;
  int brackets_ = 0;
};

}  // namespace

Findings check_lengths(const Tree& tree) {
  Findings findings;
  for (const SourceFile& file : tree) {
    if (!is_cpp(file)) continue;
    const auto lines = static_cast<std::size_t>(std::ranges::count(file.text, '\n'));
    if (lines > kFileLinesMax) {
      findings.push_back({file.path, 0,
                          std::to_string(lines) + " lines, at most " +
                              std::to_string(kFileLinesMax) + ": split it by purpose"});
    }
    Functions(file, findings).walk(stripped(file.text));
  }
  return findings;
}

}  // namespace vss::tidy
