// Little-endian numbers in bytes, and bytes as hexadecimal text.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hostsim {

static_assert(std::endian::native == std::endian::little, "the channel is little-endian only");

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

// 0 where the bytes end before the number does: who cares asks for the size first.
template <class T>
T load(View bytes, std::size_t offset) {
  T value = 0;
  if (offset + sizeof(T) <= bytes.size()) std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <class T>
void store(std::span<std::uint8_t> bytes, std::size_t offset, T value) {
  if (offset + sizeof(T) <= bytes.size()) std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

constexpr std::size_t round_up_8(std::size_t size) {
  return (size + 7) / 8 * 8;
}

// Lower case, without blanks.
std::string to_hex(View bytes);

// Either case, blanks and line ends between bytes ignored; nothing if it is not hexadecimal.
std::optional<Bytes> from_hex(std::string_view text);

}  // namespace hostsim
