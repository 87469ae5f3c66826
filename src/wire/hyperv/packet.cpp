#include "wire/hyperv/packet.hpp"

#include "wire/hyperv/little_endian.hpp"

namespace vss::wire::hyperv {

Descriptor decode_descriptor(std::span<const std::byte, kDescriptorBytes> bytes) {
  return {.type = get<std::uint16_t>(bytes, 0),
          .payload_offset = get<std::uint16_t>(bytes, 2) * kPacketUnit,
          .length = get<std::uint16_t>(bytes, 4) * kPacketUnit,
          .flags = get<std::uint16_t>(bytes, 6),
          .transaction_id = get<std::uint64_t>(bytes, 8)};
}

std::array<std::byte, kDescriptorBytes> encode(const Descriptor& descriptor) {
  std::array<std::byte, kDescriptorBytes> bytes{};
  put(bytes, 0, descriptor.type);
  put(bytes, 2, static_cast<std::uint16_t>(descriptor.payload_offset / kPacketUnit));
  put(bytes, 4, static_cast<std::uint16_t>(descriptor.length / kPacketUnit));
  put(bytes, 6, descriptor.flags);
  put(bytes, 8, descriptor.transaction_id);
  return bytes;
}

std::array<std::byte, kTrailerBytes> encode_trailer(std::uint32_t packet_began) {
  std::array<std::byte, kTrailerBytes> bytes{};
  put(bytes, 4, packet_began);
  return bytes;
}

DescriptorFault fault_of(const Descriptor& descriptor, std::size_t used) {
  if (descriptor.length < kDescriptorBytes || descriptor.length + kTrailerBytes > used) {
    return DescriptorFault::kLength;
  }
  if (descriptor.payload_offset < kDescriptorBytes ||
      descriptor.payload_offset > descriptor.length) {
    return DescriptorFault::kPayload;
  }
  return DescriptorFault::kNone;
}

}  // namespace vss::wire::hyperv
