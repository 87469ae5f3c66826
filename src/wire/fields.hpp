// How the bodies read their fields: one rule per kind of value, so that every decoder is equally
// strict. Internal to wire/. Each `read_…` returns false for a value that is refused.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/fixed_text.hpp"
#include "base/identity.hpp"
#include "base/time.hpp"
#include "wire/filesystems.hpp"
#include "wire/frame.hpp"

namespace vss::wire {

// Times a peer may send. Below them no sum of an instant and a few durations overflows.
inline constexpr std::uint64_t kDurationMax = 365ULL * 24 * 3600 * 1'000'000'000;
inline constexpr std::uint64_t kInstantMax = 1ULL << 62;

// The length was checked by decode_frame.
std::uint32_t u32_of(const Field& field);
std::uint64_t u64_of(const Field& field);

bool read_duration(const Field& field, base::Duration& duration);
bool read_instant(const Field& field, base::Instant& instant);  // `never` is allowed
bool read_level(const Field& field, int& level);
void read_transaction(const Field& field, base::TransactionId& transaction);

// `last` is the enumeration's highest value; it has no gaps from 0.
template <typename Enum>
bool read_enum(const Field& field, Enum last, Enum& value) {
  const std::uint32_t raw = u32_of(field);
  if (raw > static_cast<std::uint32_t>(last)) return false;
  value = Enum{raw};
  return true;
}

// A participant's name: 1 byte or more of printable ASCII without '/'.
bool is_name(std::string_view text);
// A word of the system's, like a type of filesystem: printable ASCII, or nothing.
bool is_word(std::string_view text);
// What the kernel calls a mount's source: any bytes but NUL.
bool is_source(std::string_view text);
// An absolute path: any bytes but NUL.
bool is_path(std::string_view text);
// A pattern for paths: 1 byte or more, no NUL.
bool is_pattern(std::string_view text);

template <std::size_t Capacity>
bool read_text(const Field& field, bool (*rule)(std::string_view),
               base::FixedText<Capacity>& text) {
  if (field.text().size() > Capacity || !rule(field.text())) return false;
  text = field.text();
  return true;
}

// Length of the well-formed UTF-8 character at the start of `text`, 0 when there is none.
std::size_t utf8_character(std::string_view text);

// One sentence for a person. It is made harmless rather than refused, for it must not cost an
// answer: control bytes and what is no UTF-8 become '?', too long a text is cut.
template <std::size_t Capacity>
void read_sentence(const Field& field, base::FixedText<Capacity>& sentence) {
  sentence.clear();
  for (std::string_view rest = field.text(); !rest.empty();) {
    const std::size_t length = utf8_character(rest);
    const auto first = static_cast<unsigned char>(rest.front());
    const bool harmless = length > 1 || (length == 1 && first >= 0x20 && first != 0x7f);
    const std::string_view piece = harmless ? rest.substr(0, length) : "?";
    if (sentence.size() + piece.size() > Capacity) return;
    sentence.append(piece);
    rest.remove_prefix(length == 0 ? 1 : length);
  }
}

enum class Taken : std::uint8_t { kNotMine, kGood, kBad };

// The fields of a request for filesystems, wherever they travel. After the last one the request
// must be coherent: paths with kPaths, and only then.
Taken take_filesystem_field(const Field& field, FilesystemRequest& request);
bool is_coherent(const FilesystemRequest& request);

// The fields of a freezer's standing, alone or in its registration.
void add_freezer_status(FrameWriter& frame, const FreezerStatus& status);
Taken take_freezer_status_field(const Field& field, FreezerStatus& status);

void add_summary(FrameWriter& frame, const FilesystemSummary& summary);
bool read_summary(const Field& field, FilesystemSummary& summary);

std::uint64_t wire_value(base::Instant instant);
std::uint64_t wire_value(base::Duration duration);

}  // namespace vss::wire
