#include "wire/fields.hpp"

#include <algorithm>
#include <cstring>

#include "base/assert.hpp"
#include "base/limits.hpp"

namespace vss::wire {
namespace {

bool is_printable(char c) {
  return c >= 0x20 && c <= 0x7e;
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

bool has_no_nul(std::string_view text) {
  return text.find('\0') == std::string_view::npos;
}

}  // namespace

std::uint32_t u32_of(const Field& field) {
  std::uint32_t value = 0;
  VSS_ASSERT(field.value.size() == sizeof value);
  std::memcpy(&value, field.value.data(), sizeof value);
  return value;
}

std::uint64_t u64_of(const Field& field) {
  std::uint64_t value = 0;
  VSS_ASSERT(field.value.size() == sizeof value);
  std::memcpy(&value, field.value.data(), sizeof value);
  return value;
}

bool read_duration(const Field& field, base::Duration& duration) {
  const std::uint64_t raw = u64_of(field);
  if (raw > kDurationMax) return false;
  duration = base::Duration{static_cast<std::int64_t>(raw)};
  return true;
}

bool read_instant(const Field& field, base::Instant& instant) {
  const std::uint64_t raw = u64_of(field);
  if (raw > kInstantMax && raw != wire_value(base::Instant::never())) return false;
  instant = {static_cast<std::int64_t>(raw)};
  return true;
}

bool read_level(const Field& field, int& level) {
  const std::uint32_t raw = u32_of(field);
  if (raw > static_cast<std::uint32_t>(base::kLevelMax)) return false;
  level = static_cast<int>(raw);
  return true;
}

void read_transaction(const Field& field, base::TransactionId& transaction) {
  transaction = {u64_of(field)};
}

bool is_word(std::string_view text) {
  return std::ranges::all_of(text, is_printable);
}

bool is_name(std::string_view text) {
  return !text.empty() && is_word(text) && text.find('/') == std::string_view::npos;
}

bool is_source(std::string_view text) {
  return has_no_nul(text);
}

bool is_path(std::string_view text) {
  return text.starts_with('/') && has_no_nul(text);
}

bool is_pattern(std::string_view text) {
  return !text.empty() && has_no_nul(text);
}

std::size_t utf8_character(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  if (!std::ranges::all_of(text.substr(1, length - 1), is_continuation)) return 0;
  // Overlong forms, surrogates and what lies above U+10FFFF show in the second byte.
  const auto second = static_cast<unsigned char>(text[1]);
  const bool refused = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return refused ? 0 : length;
}

std::uint64_t wire_value(base::Instant instant) {
  return static_cast<std::uint64_t>(instant.nanoseconds_since_boot);
}

std::uint64_t wire_value(base::Duration duration) {
  return static_cast<std::uint64_t>(duration.count());
}

}  // namespace vss::wire
