// What happened, one line an event in fixed columns: seconds, who, what, details.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace vss::simulation {

// Hashes every line (two runs with one hash did the same) and keeps the lines only where asked to.
class Trace {
 public:
  explicit Trace(bool keep) : keep_(keep) {}

  template <typename... Args>
  void line(base::Instant now, std::string_view who, std::string_view what,
            fmt::format_string<Args...> format, Args&&... args) {
    std::array<char, 400> buffer;
    const auto fixed =
        fmt::format_to_n(buffer.data(), buffer.size() - 1, "{:>5}.{:09}  {:<12} {:<10} ",
                         now.nanoseconds_since_boot / 1'000'000'000,
                         now.nanoseconds_since_boot % 1'000'000'000, who, what);
    const std::size_t room = buffer.size() - 1 - fixed.size;
    const auto rest = fmt::format_to_n(fixed.out, room, format, std::forward<Args>(args)...);
    add({buffer.data(), static_cast<std::size_t>(rest.out - buffer.data())});
  }

  std::uint64_t hash() const { return hash_; }
  std::size_t lines() const { return lines_; }
  const std::string& text() const { return text_; }

 private:
  void add(std::string_view line);

  bool keep_;
  std::size_t lines_ = 0;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;  // FNV-1a
  std::string text_;
};

// Carries a hash on over another one, in order.
constexpr std::uint64_t chain_hash(std::uint64_t hash, std::uint64_t next) {
  return (hash ^ next) * 0x100000001b3ULL;
}

}  // namespace vss::simulation
