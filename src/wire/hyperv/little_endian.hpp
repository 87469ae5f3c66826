// Numbers of Hyper-V's layouts: little-endian, at any alignment, on any machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace vss::wire::hyperv {

// The caller has checked that the value lies within `bytes`.
template <typename Number>
constexpr Number get(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    value |= static_cast<std::uint64_t>(bytes[offset + i]) << (8 * i);
  }
  return static_cast<Number>(value);
}

template <typename Number>
constexpr void put(std::span<std::byte> bytes, std::size_t offset, Number number) {
  const auto value = static_cast<std::uint64_t>(number);
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bytes[offset + i] = static_cast<std::byte>(value >> (8 * i));
  }
}

}  // namespace vss::wire::hyperv
