// The first and only message on the socket of a host that shares memory: how large the rings are.
//
//   offset  size  field (little-endian)
//        0     4  magic "VMBS"
//        4     4  version, 1
//        8     4  bytes of one ring, its header page included
//       12     4  0
// With it come three descriptors, in this order: a memfd of two rings, the guest's sending ring
// first, that cannot shrink; an eventfd by which the guest signals the host; one by which the host
// signals the guest. docs/hyperv.md is written for who writes such a host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace vss::requesters::vmbus {

inline constexpr std::uint32_t kHelloMagic = 0x5342'4d56;
inline constexpr std::uint32_t kHelloVersion = 1;
inline constexpr std::size_t kHelloBytes = 16;
inline constexpr std::size_t kHelloDescriptors = 3;
inline constexpr std::size_t kRingHeaderBytes = 4096;
inline constexpr std::size_t kRingBytesMin = 16'384;
inline constexpr std::size_t kRingBytesMax = std::size_t{4} << 20;

// The bytes of one ring. An error says what is wrong, in a sentence's second half. Pure.
std::expected<std::size_t, std::string_view> ring_bytes_of_hello(std::span<const std::byte> hello);

}  // namespace vss::requesters::vmbus
