// A packet in a VMBus ring: descriptor, payload, zeros up to a multiple of 8, trailer.
//
//   offset  size  field of the descriptor
//        0     2  type: 6 is data in-band, the only one on this channel
//        2     2  where the payload begins, in units of 8 bytes
//        4     2  length with descriptor and padding, without the trailer, in units of 8 bytes
//        6     2  flags: 1 asks for a completion; 0 on this channel
//        8     8  transaction id, echoed
// The trailer is one u64: where the packet began, times 2^32. Readers skip it.
//
// Source: Linux include/linux/hyperv.h (struct vmpacket_descriptor), drivers/hv/ring_buffer.c.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vss::wire::hyperv {

inline constexpr std::size_t kDescriptorBytes = 16;
inline constexpr std::size_t kTrailerBytes = 8;
inline constexpr std::size_t kPacketUnit = 8;
inline constexpr std::uint16_t kPacketInBand = 6;

// Lengths are in bytes here.
struct Descriptor {
  std::uint16_t type = kPacketInBand;
  std::size_t payload_offset = kDescriptorBytes;
  std::size_t length = kDescriptorBytes;  // without the trailer
  std::uint16_t flags = 0;
  std::uint64_t transaction_id = 0;
};

Descriptor decode_descriptor(std::span<const std::byte, kDescriptorBytes> bytes);
std::array<std::byte, kDescriptorBytes> encode(const Descriptor& descriptor);
std::array<std::byte, kTrailerBytes> encode_trailer(std::uint32_t packet_began);

// What is wrong with a descriptor that came out of a ring.
enum class DescriptorFault : std::uint8_t {
  kNone,
  kLength,  // shorter than itself, or longer than what was written: the next packet is not known
  kPayload  // only the payload's place is wrong: the packet can be skipped
};
// `used`: bytes in the ring from the descriptor on.
DescriptorFault fault_of(const Descriptor& descriptor, std::size_t used);

constexpr std::size_t padded(std::size_t bytes) {
  return (bytes + kPacketUnit - 1) / kPacketUnit * kPacketUnit;
}

}  // namespace vss::wire::hyperv
