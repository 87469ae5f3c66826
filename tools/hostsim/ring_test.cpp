#include "hostsim/ring.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "hostsim/message.hpp"
#include "hostsim/vectors_for_test.hpp"

namespace hostsim {
namespace {

using vectors::bytes_of;

// A ring of the usual 16 KiB, and both of its ends.
class Ring : public testing::Test {
 protected:
  std::vector<std::uint64_t> memory_ = std::vector<std::uint64_t>(16384 / 8);
  RingPages pages_{{reinterpret_cast<std::uint8_t*>(memory_.data()), 16384}};
  RingWriter writer_{pages_};
  RingReader reader_{pages_};

  Bytes bytes_at(std::uint32_t index, std::size_t size) const {
    Bytes bytes(size);
    pages_.copy_out(index, bytes);
    return bytes;
  }
  void pass(const Bytes& packet) {
    ASSERT_NE(writer_.write(packet).value(), Sent::kNoRoom);
    ASSERT_TRUE(reader_.read().value());
  }
  std::uint32_t word(RingWord word) const { return pages_.load(word); }
};

// A packet that is `in_ring` bytes long in the ring.
Bytes packet_of_size(std::size_t in_ring) {
  return packet_of(1, Bytes(in_ring - kTrailerBytes - kDescriptorBytes));
}

TEST_F(Ring, OtherEndsGoOnWhereTheseStopped) {
  pass(packet_of_size(64));
  RingWriter writer(pages_, word(RingWord::kWriteIndex));
  RingReader reader(pages_, word(RingWord::kReadIndex));
  ASSERT_TRUE(writer.write(packet_of_size(64)));
  EXPECT_EQ(reader.read().value().value().start, 64U);
}

TEST_F(Ring, VectorsStandWhereTheyShould) {
  pass(negotiate_packet({0, 0}));
  EXPECT_EQ(writer_.index(), 80U);
  pass(operation_packet({0x11, 1}, Operation::kHotBackup));
  EXPECT_EQ(to_hex(bytes_at(80, 88)), to_hex(bytes_of(vectors::kHotBackupInRing)));
  EXPECT_EQ(word(RingWord::kWriteIndex), 168U);
  pass(operation_packet({0x21, 2}, Operation::kFreeze));
  EXPECT_EQ(to_hex(bytes_at(6464, 16)),
            "0000000000000000"
            "00000000a8000000");
  EXPECT_EQ(word(RingWord::kWriteIndex), 6480U);
  pass(operation_packet({0x31, 3}, Operation::kThaw));
  EXPECT_EQ(to_hex(bytes_at(6560, 8)), "0000000050190000");
  EXPECT_EQ(word(RingWord::kWriteIndex), 6568U);
  EXPECT_EQ(word(RingWord::kReadIndex), 6568U);
}

TEST_F(Ring, APacketWrapsByteByByte) {
  pass(packet_of_size(12264));
  const Bytes thaw = operation_packet({0x41, 4}, Operation::kThaw);
  ASSERT_EQ(writer_.write(thaw).value(), Sent::kSignalIsDue);
  EXPECT_EQ(to_hex(bytes_at(12264, 24)), to_hex(bytes_of(vectors::kWrapTail)));
  EXPECT_EQ(to_hex(bytes_at(0, 64)), to_hex(bytes_of(vectors::kWrapHead)));
  EXPECT_EQ(writer_.index(), 64U);
  const auto received = reader_.read().value();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->packet, thaw);
  EXPECT_EQ(received->start, 12264U);
  EXPECT_EQ(received->trailer, std::uint64_t{12264} << 32U);
}

TEST_F(Ring, EveryOffsetOfTheWrapKeepsThePacket) {
  Bytes packet = packet_of_size(88);
  for (int i = 0; i < 2000; ++i) {
    packet[20] = static_cast<std::uint8_t>(i);
    ASSERT_NE(writer_.write(packet).value(), Sent::kNoRoom);
    ASSERT_EQ(reader_.read().value()->packet, packet);
  }
}

TEST_F(Ring, IsNeverFilledToTheLastByte) {
  EXPECT_EQ(writer_.write(packet_of_size(12288)).value(), Sent::kNoRoom);
  EXPECT_EQ(writer_.write(packet_of_size(12280)).value(), Sent::kSignalIsDue);
  EXPECT_EQ(writer_.write(packet_of_size(24)).value(), Sent::kNoRoom);
}

TEST_F(Ring, OnlyTheFirstPacketIsSignalledAndOnlyIfNotMasked) {
  EXPECT_EQ(writer_.write(packet_of_size(88)).value(), Sent::kSignalIsDue);
  EXPECT_EQ(writer_.write(packet_of_size(88)).value(), Sent::kQuietly);
  ASSERT_TRUE(reader_.drop_all());
  pages_.store(RingWord::kInterruptMask, 1);
  EXPECT_EQ(writer_.write(packet_of_size(88)).value(), Sent::kQuietly);
}

TEST_F(Ring, AWaitingProducerIsWokenOnceWhenThereIsRoom) {
  pages_.store(RingWord::kFeatureBits, 1);
  for (int i = 0; i < 3; ++i)
    ASSERT_NE(writer_.write(packet_of_size(4000)).value(), Sent::kNoRoom);
  writer_.want_room(4496);  // 4504 with its trailer; 288 are free
  EXPECT_EQ(word(RingWord::kPendingSendSize), 4504U);
  EXPECT_FALSE(reader_.read().value()->wake_producer);  // 4288
  EXPECT_TRUE(reader_.read().value()->wake_producer);   // 8288
  EXPECT_FALSE(reader_.read().value()->wake_producer);
  ASSERT_NE(writer_.write(packet_of_size(4504)).value(), Sent::kNoRoom);
  EXPECT_EQ(word(RingWord::kPendingSendSize), 0U);
}

TEST_F(Ring, NobodyIsWokenWithoutTheFeatureOrTheWish) {
  pages_.store(RingWord::kPendingSendSize, 12287);
  ASSERT_TRUE(writer_.write(packet_of_size(88)));
  pages_.store(RingWord::kPendingSendSize, 12250);
  EXPECT_FALSE(reader_.read().value()->wake_producer);
  pages_.store(RingWord::kFeatureBits, 1);
  ASSERT_TRUE(writer_.write(packet_of_size(88)));
  pages_.store(RingWord::kPendingSendSize, 0);
  EXPECT_FALSE(reader_.read().value()->wake_producer);
}

TEST_F(Ring, ImpossibleIndicesAreErrors) {
  for (const std::uint32_t index : {12288U, 4U, 0xffffffffU}) {
    pages_.store(RingWord::kWriteIndex, index);
    EXPECT_FALSE(reader_.read()) << index;
    EXPECT_FALSE(reader_.drop_all()) << index;
    pages_.store(RingWord::kReadIndex, index);
    EXPECT_FALSE(writer_.write(packet_of_size(88))) << index;
  }
}

TEST_F(Ring, ImpossibleDescriptorsAreErrorsUntilTheyAreDropped) {
  struct Lengths {
    std::uint16_t offset8;
    std::uint16_t length8;
  };
  for (const Lengths lengths : {Lengths{2, 1}, {1, 10}, {11, 10}, {2, 11}, {2, 0xffff}}) {
    Bytes packet = packet_of_size(88);
    store(packet, kOffset8At, lengths.offset8);
    store(packet, kLength8At, lengths.length8);
    ASSERT_NE(writer_.write(packet).value(), Sent::kNoRoom);
    EXPECT_FALSE(reader_.read());
    ASSERT_TRUE(reader_.drop_all());
    EXPECT_FALSE(reader_.has_packet());
  }
  pass(packet_of_size(88));
}

TEST_F(Ring, OwnIndicesAreNotReadBack) {
  pass(packet_of_size(88));
  pages_.store(RingWord::kReadIndex, 88);
  ASSERT_TRUE(writer_.write(packet_of_size(88)));
  pages_.store(RingWord::kReadIndex, 4096);
  EXPECT_EQ(reader_.read().value()->start, 88U);
  EXPECT_EQ(word(RingWord::kReadIndex), 176U);
}

}  // namespace
}  // namespace hostsim
