#include "tidy/stripped.hpp"

#include <algorithm>

#include "tidy/tree.hpp"

namespace vss::tidy {
namespace {

class Stripper {
 public:
  explicit Stripper(std::string_view text) : text_(text), out_(text) {}

  std::string strip() {
    while (at_ < text_.size())
      step();
    return std::move(out_);
  }

 private:
  bool at_text(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  void blank_to(std::size_t end) {
    end = std::min(end, text_.size());
    for (; at_ < end; ++at_) {
      if (text_[at_] != '\n') out_[at_] = ' ';
    }
  }

  void step() {
    const char c = text_[at_];
    if (at_text("//")) {
      blank_to(text_.find('\n', at_));
    } else if (at_text("/*")) {
      const std::size_t end = text_.find("*/", at_ + 2);
      blank_to(end == std::string_view::npos ? end : end + 2);
    } else if (c == '#' && first_on_line_) {
      blank_to(end_of_directive());
    } else if (is_raw_string()) {
      raw_string();
    } else if (c == '"' || (c == '\'' && !is_digit_separator())) {
      literal(c);
    } else {
      first_on_line_ = c == '\n' || (first_on_line_ && (c == ' ' || c == '\t'));
      ++at_;
    }
  }

  std::size_t end_of_directive() const {
    std::size_t end = text_.find('\n', at_);
    while (end != std::string_view::npos && text_[end - 1] == '\\')
      end = text_.find('\n', end + 1);
    return end;
  }

  bool is_digit_separator() const {
    return at_ > 0 && is_word_character(text_[at_ - 1]) && at_ + 1 < text_.size() &&
           is_word_character(text_[at_ + 1]) && text_[at_ - 1] >= '0' && text_[at_ - 1] <= '9';
  }

  bool is_raw_string() const {
    return at_text("R\"") && (at_ == 0 || !is_word_character(text_[at_ - 1]));
  }

  void raw_string() {
    const std::size_t open = std::min(text_.find('(', at_), text_.size());
    const std::string close = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
    const std::size_t end = text_.find(close, open);
    blank_to(end == std::string_view::npos ? end : end + close.size());
  }

  void literal(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    ++at_;  // the quotes stay
    blank_to(end);
    if (at_ < text_.size()) ++at_;
    first_on_line_ = false;
  }

  std::string_view text_;
  std::string out_;
  std::size_t at_ = 0;
  bool first_on_line_ = true;
};

}  // namespace

std::string stripped(std::string_view cpp) {
  return Stripper(cpp).strip();
}

}  // namespace vss::tidy
