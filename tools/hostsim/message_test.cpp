#include "hostsim/message.hpp"

#include <gtest/gtest.h>

#include "hostsim/fields.hpp"
#include "hostsim/vectors_for_test.hpp"

namespace hostsim {
namespace {

using vectors::bytes_of;
using vectors::freeze_of;

TEST(Message, NegotiateIsT1) {
  EXPECT_EQ(to_hex(negotiate_packet({0, 0})), to_hex(bytes_of(vectors::kNegotiate)));
}

TEST(Message, HotBackupIsT3) {
  Bytes expected = bytes_of(vectors::kHotBackupInRing);
  expected.resize(expected.size() - 8);
  EXPECT_EQ(to_hex(operation_packet({0x11, 1}, Operation::kHotBackup)), to_hex(expected));
}

TEST(Message, SmallestHotBackupIsT3m) {
  EXPECT_EQ(to_hex(zeroed_packet({0x12, 1}, Operation::kHotBackup, 12)),
            to_hex(bytes_of(vectors::kShortHotBackup)));
}

TEST(Message, FreezeIsT5) {
  EXPECT_EQ(to_hex(operation_packet({0x21, 2}, Operation::kFreeze)),
            to_hex(freeze_of(vectors::kFreezeHead)));
}

TEST(Message, ThawIsT7) {
  EXPECT_EQ(to_hex(operation_packet({0x31, 3}, Operation::kThaw)),
            to_hex(bytes_of(vectors::kThaw)));
}

TEST(Message, AutoRecoverIsAsLongAsTheRingAllows) {
  EXPECT_EQ(load<std::uint16_t>(operation_packet({}, Operation::kAutoRecover), kBodySizeAt), 12500);
  EXPECT_EQ(load<std::uint16_t>(operation_packet({}, Operation::kAutoRecover, 12272), kBodySizeAt),
            6260);
}

TEST(Message, IsNamedByWhatItAsksFor) {
  EXPECT_EQ(name_of(bytes_of(vectors::kNegotiate)), "NEGOTIATE");
  EXPECT_EQ(name_of(bytes_of(vectors::kThaw)), "THAW");
  EXPECT_EQ(name_of(operation_packet({}, static_cast<Operation>(9))), "OP_9");
}

TEST(Bytes, HexIsReadBackAndJunkIsNot) {
  EXPECT_EQ(to_hex(from_hex("00 fF\n7a").value()), "00ff7a");
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

TEST(Fields, CoverEveryByteOnce) {
  for (const Bytes& packet :
       {bytes_of(vectors::kNegotiate), bytes_of(vectors::kThaw), freeze_of(vectors::kFreezeHead)}) {
    std::size_t end = 0;
    for (const Field& field : fields_of(packet)) {
      EXPECT_EQ(field.offset, end) << field.name;
      end = field.offset + field.size;
    }
    EXPECT_EQ(end, packet.size());
  }
}

TEST(Fields, DifferencesAreSaidInWords) {
  const Bytes request = bytes_of(vectors::kThaw);
  Bytes other = request;
  store(other, kStatusAt, kStatusFail);
  other[0x45] = 7;
  const auto found = differences(request, other);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].text, "status: 0x80004005, not 0x00000000");
  EXPECT_TRUE(found[0].vital);
  EXPECT_EQ(found[1].text, "body: byte 0x45 of the packet is 0x07, not 0x00");
  EXPECT_FALSE(found[1].vital);
}

}  // namespace
}  // namespace hostsim
