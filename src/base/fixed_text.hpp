// Text with a limit, stored in place: for names and reasons in the freeze window.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <string_view>

namespace vss::base {

// Appending past the capacity cuts the text at a UTF-8 character boundary and never fails: a cut
// reason is better than none. Allocates nothing; freeze-safe.
template <std::size_t Capacity>
class FixedText {
 public:
  constexpr FixedText() = default;
  constexpr FixedText(std::string_view text) { append(text); }
  constexpr FixedText(const char* text) { append(text); }

  constexpr std::string_view view() const { return {bytes_.data(), size_}; }
  constexpr operator std::string_view() const { return view(); }
  constexpr bool empty() const { return size_ == 0; }
  constexpr std::size_t size() const { return size_; }
  static constexpr std::size_t capacity() { return Capacity; }
  constexpr void clear() { size_ = 0; }

  constexpr FixedText& append(std::string_view text) {
    std::size_t take = std::min(text.size(), Capacity - size_);
    if (take < text.size()) {
      while (take > 0 && (static_cast<unsigned char>(text[take]) & 0xc0U) == 0x80U)
        --take;
    }
    std::copy_n(text.data(), take, bytes_.data() + size_);
    size_ += take;
    return *this;
  }

  template <std::integral Number>
  constexpr FixedText& append_number(Number number) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return append({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }

  friend constexpr bool operator==(const FixedText& a, const FixedText& b) {
    return a.view() == b.view();
  }

 private:
  std::array<char, Capacity> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace vss::base
