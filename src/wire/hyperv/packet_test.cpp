#include "wire/hyperv/packet.hpp"

#include <gmock/gmock.h>

#include "wire/hyperv/vectors_for_test.hpp"

namespace vss::wire::hyperv {
namespace {

using testing::ElementsAreArray;

Descriptor descriptor_of(const vectors::Bytes& packet) {
  return decode_descriptor(std::span{packet}.first<kDescriptorBytes>());
}

TEST(Packet, DescriptorIsReadInBytes) {
  const Descriptor freeze = descriptor_of(vectors::kFreeze);
  EXPECT_EQ(freeze.type, kPacketInBand);
  EXPECT_EQ(freeze.payload_offset, 16U);
  EXPECT_EQ(freeze.length, 788U * 8);
  EXPECT_EQ(freeze.flags, 0U);
  EXPECT_EQ(freeze.transaction_id, 0x21U);
}

TEST(Packet, DescriptorIsWrittenAsItWasRead) {
  for (const auto& packet : {vectors::kNegotiate, vectors::kHotBackup, vectors::kFreeze}) {
    EXPECT_THAT(encode(descriptor_of(packet)), ElementsAreArray(std::span{packet}.first(16)));
  }
}

TEST(Packet, TrailerTellsWhereThePacketBegan) {
  EXPECT_THAT(encode_trailer(6568), ElementsAreArray(std::span{vectors::kThawFailed}.last(8)));
}

TEST(Packet, FaultsOfTheLength) {
  const auto fault = [](std::size_t length8, std::size_t used) {
    Descriptor descriptor;
    descriptor.length = length8 * 8;
    return fault_of(descriptor, used);
  };
  EXPECT_EQ(fault(2, 24), DescriptorFault::kNone);
  EXPECT_EQ(fault(0, 24), DescriptorFault::kLength);
  EXPECT_EQ(fault(1, 24), DescriptorFault::kLength);
  EXPECT_EQ(fault(3, 24), DescriptorFault::kLength);  // without room for the trailer
  EXPECT_EQ(fault(0xffff, 24), DescriptorFault::kLength);
}

TEST(Packet, FaultsOfThePayloadsPlace) {
  const auto fault = [](std::size_t offset8) {
    Descriptor descriptor;
    descriptor.payload_offset = offset8 * 8;
    descriptor.length = 80;
    return fault_of(descriptor, 88);
  };
  EXPECT_EQ(fault(1), DescriptorFault::kPayload);
  EXPECT_EQ(fault(2), DescriptorFault::kNone);
  EXPECT_EQ(fault(10), DescriptorFault::kNone);  // nothing in it; that is the message's matter
  EXPECT_EQ(fault(11), DescriptorFault::kPayload);
}

}  // namespace
}  // namespace vss::wire::hyperv
