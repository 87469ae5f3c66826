#include "requesters/vmbus/ring.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "requesters/vmbus/host_for_test.hpp"
#include "requesters/vmbus/ring_reader.hpp"
#include "requesters/vmbus/ring_writer.hpp"
#include "wire/hyperv/little_endian.hpp"

namespace vss::requesters::vmbus {
namespace {

namespace vectors = wire::hyperv::vectors;
using testing::ElementsAreArray;
using What = Taken::What;
using Word = Ring::Word;

struct RingReading : testing::Test {
  HostForTest host;
  std::array<std::byte, 16'384> buffer{};
  std::optional<RingReader> opened;

  RingReader& reader() {
    if (!opened) opened.emplace(host.to_guest.ring());
    return *opened;
  }
  Taken take() { return reader().take(buffer); }
  // A descriptor with these lengths in units of 8 bytes, and bytes behind it.
  Bytes packet(std::uint16_t offset8, std::uint16_t length8, std::size_t bytes) {
    Bytes result(bytes);
    wire::hyperv::put(std::span{result}, 0, std::uint16_t{6});
    wire::hyperv::put(std::span{result}, 2, offset8);
    wire::hyperv::put(std::span{result}, 4, length8);
    return result;
  }
};

TEST_F(RingReading, EmptyRingHasNothing) {
  EXPECT_EQ(take().what, What::kNothing);
}

TEST_F(RingReading, PacketsComeWholeAndInOrder) {
  for (const auto& packet : {vectors::kNegotiate, vectors::kHotBackup, vectors::kFreeze})
    host.write(packet);
  for (const auto& packet : {vectors::kNegotiate, vectors::kHotBackup, vectors::kFreeze}) {
    const Taken taken = take();
    ASSERT_EQ(taken.what, What::kPacket);
    EXPECT_THAT(std::span{buffer}.first(taken.bytes),
                ElementsAreArray(vectors::without_trailer(packet)));
  }
  EXPECT_EQ(take().what, What::kNothing);
  EXPECT_EQ(host.to_guest.get(Word::kReadIndex), 6480U);
}

TEST_F(RingReading, PacketThatWrapsIsWhole) {
  host.begin_at(vectors::kThawWrappedAt);
  host.write(vectors::kThawWrapped);
  EXPECT_THAT(host.to_guest.data().last(24),
              ElementsAreArray(std::span{vectors::kThawWrapped}.first(24)));
  EXPECT_THAT(host.to_guest.data().first(64),
              ElementsAreArray(std::span{vectors::kThawWrapped}.last(64)));
  const Taken taken = take();
  ASSERT_EQ(taken.what, What::kPacket);
  EXPECT_THAT(std::span{buffer}.first(taken.bytes),
              ElementsAreArray(vectors::without_trailer(vectors::kThawWrapped)));
  EXPECT_EQ(host.to_guest.get(Word::kReadIndex), 64U);
}

TEST_F(RingReading, WriteIndexOutsideTheRingBreaksIt) {
  for (const std::uint32_t index : {12'288U, 4U, 0xffff'ffffU, 0xffff'fff8U}) {
    host.to_guest.set(Word::kWriteIndex, index);
    EXPECT_EQ(take().what, What::kBroken) << index;
  }
}

TEST_F(RingReading, LessThanAPacketBreaksIt) {
  host.to_guest.set(Word::kWriteIndex, 16);
  EXPECT_EQ(take().what, What::kBroken);
}

TEST_F(RingReading, HeaderThatBeginsOutsideTheRingBreaksIt) {
  host.to_guest.set(Word::kReadIndex, 20'000);
  EXPECT_EQ(take().what, What::kBroken);
}

TEST_F(RingReading, WrongLengthDropsAllThatIsThere) {
  for (const std::uint16_t length8 : {std::uint16_t{1}, std::uint16_t{0}, std::uint16_t{999}}) {
    host.write(packet(2, length8, 80));
    host.write(vectors::kHotBackup);
    EXPECT_EQ(take().what, What::kDropped) << length8;
    EXPECT_EQ(take().what, What::kNothing);
    host.write(vectors::kHotBackup);
    EXPECT_EQ(take().what, What::kPacket);
  }
}

TEST_F(RingReading, MisplacedPayloadDropsThatPacketAlone) {
  for (const std::uint16_t offset8 : {std::uint16_t{1}, std::uint16_t{0}, std::uint16_t{11}}) {
    host.write(packet(offset8, 9, 80));
    host.write(vectors::kHotBackup);
    EXPECT_EQ(take().what, What::kDropped) << offset8;
    EXPECT_EQ(take().what, What::kPacket);
  }
}

TEST_F(RingReading, PacketLongerThanTheBufferIsDroppedAlone) {
  host.write(packet(2, 9, 80));
  host.write(vectors::kHotBackup);
  EXPECT_EQ(reader().take(std::span{buffer}.first(64)).what, What::kDropped);
  EXPECT_EQ(take().what, What::kPacket);
}

// The host can write the descriptor again after it was read; what was checked is what is used.
TEST_F(RingReading, OwnIndexIsNeverReadBack) {
  host.write(vectors::kHotBackup);
  ASSERT_EQ(take().what, What::kPacket);
  host.to_guest.set(Word::kReadIndex, 4096);
  host.write(vectors::kThaw);
  ASSERT_EQ(take().what, What::kPacket);
  EXPECT_THAT(std::span{buffer}.first(80),
              ElementsAreArray(vectors::without_trailer(vectors::kThaw)));
  EXPECT_EQ(host.to_guest.get(Word::kReadIndex), 176U);
}

TEST_F(RingReading, UnmaskSeesWhatCameMeanwhile) {
  reader().mask();
  EXPECT_EQ(host.to_guest.get(Word::kInterruptMask), 1U);
  EXPECT_TRUE(reader().unmask());
  EXPECT_EQ(host.to_guest.get(Word::kInterruptMask), 0U);
  host.write(vectors::kHotBackup);
  EXPECT_FALSE(reader().unmask());
}

TEST_F(RingReading, HostThatWaitsForRoomIsSignalledWhenThereIsEnough) {
  host.to_guest.set(Word::kFeatures, kFeaturePendingSend);
  for (int i = 0; i < 100; ++i)
    host.write(vectors::kHotBackup);  // 8800 of 12 288: 3488 are free
  host.to_guest.set(Word::kPendingSend, 3600);
  EXPECT_FALSE(take().signal_host);  // 3576
  EXPECT_TRUE(take().signal_host);   // 3664
  EXPECT_FALSE(take().signal_host);  // only once
}

// Hosts have been seen that wait for one byte less than the ring.
TEST_F(RingReading, SizeThatIsNoMultipleOfEightIsUnderstood) {
  host.to_guest.set(Word::kFeatures, kFeaturePendingSend);
  for (int i = 0; i < 2; ++i)
    host.write(vectors::kHotBackup);
  host.to_guest.set(Word::kPendingSend, 12'207);
  EXPECT_FALSE(take().signal_host);
  EXPECT_TRUE(take().signal_host);
}

TEST_F(RingReading, HostWithoutTheFeatureIsNotSignalled) {
  for (int i = 0; i < 100; ++i)
    host.write(vectors::kHotBackup);
  host.to_guest.set(Word::kPendingSend, 3500);
  EXPECT_FALSE(take().signal_host);
}

struct RingWriting : testing::Test {
  HostForTest host;
  std::optional<RingWriter> opened;

  RingWriter& writer() {
    if (!opened) opened.emplace(host.from_guest.ring());
    return *opened;
  }
  Given give(const Bytes& packet) { return writer().give(vectors::without_trailer(packet)); }
};

TEST_F(RingWriting, PacketsLieAsTheHostExpectsThem) {
  for (const auto& packet : {vectors::kNegotiateAnswer, vectors::kHotBackupAnswer,
                             vectors::kFreezeAnswer, vectors::kThawAnswer, vectors::kThawFailed}) {
    ASSERT_EQ(give(packet).what, Given::What::kDone);
    EXPECT_THAT(host.read(), testing::Optional(ElementsAreArray(packet)));
  }
  EXPECT_EQ(host.from_guest.get(Word::kWriteIndex), 6656U);
}

TEST_F(RingWriting, PacketThatWrapsLiesAtBothEnds) {
  host.begin_at(vectors::kThawWrappedAt);
  ASSERT_EQ(give(vectors::kThawWrapped).what, Given::What::kDone);
  EXPECT_THAT(host.from_guest.data().last(24),
              ElementsAreArray(std::span{vectors::kThawWrapped}.first(24)));
  EXPECT_THAT(host.from_guest.data().first(64),
              ElementsAreArray(std::span{vectors::kThawWrapped}.last(64)));
  EXPECT_EQ(host.from_guest.get(Word::kWriteIndex), 64U);
}

TEST_F(RingWriting, SignalsOnlyWhenTheRingWasEmpty) {
  EXPECT_TRUE(give(vectors::kHotBackupAnswer).signal_host);
  EXPECT_FALSE(give(vectors::kThawAnswer).signal_host);
  host.read();
  EXPECT_FALSE(give(vectors::kThawAnswer).signal_host);
  host.read();
  host.read();
  EXPECT_TRUE(give(vectors::kThawAnswer).signal_host);
}

TEST_F(RingWriting, MaskedHostIsNotSignalled) {
  host.from_guest.set(Word::kInterruptMask, 1);
  EXPECT_FALSE(give(vectors::kThawAnswer).signal_host);
}

TEST_F(RingWriting, FullRingIsNeverFilledWholly) {
  std::size_t given = 0;
  while (give(vectors::kThawAnswer).what == Given::What::kDone)
    ++given;
  EXPECT_EQ(given, (RingMemory::kData - 1) / 88);
  EXPECT_EQ(host.from_guest.get(Word::kPendingSend), 88U);
  host.read();
  EXPECT_EQ(give(vectors::kThawAnswer).what, Given::What::kDone);
  EXPECT_EQ(host.from_guest.get(Word::kPendingSend), 0U);
}

TEST_F(RingWriting, RingThatWouldBeExactlyFullIsFull) {
  // 12 288 is 6312 + 5976: the second packet would make the indices equal again.
  const Bytes filler(5976);
  ASSERT_EQ(give(vectors::kFreezeAnswer).what, Given::What::kDone);
  EXPECT_EQ(give(filler).what, Given::What::kFull);
}

TEST_F(RingWriting, ReadIndexOutsideTheRingBreaksIt) {
  for (const std::uint32_t index : {12'288U, 4U, 0xffff'ffffU}) {
    host.from_guest.set(Word::kReadIndex, index);
    EXPECT_EQ(give(vectors::kThawAnswer).what, Given::What::kBroken) << index;
  }
}

TEST_F(RingWriting, OwnIndexIsNeverReadBack) {
  give(vectors::kHotBackupAnswer);
  host.from_guest.set(Word::kWriteIndex, 4096);
  give(vectors::kThawAnswer);
  EXPECT_EQ(host.from_guest.get(Word::kWriteIndex), 176U);
}

TEST_F(RingWriting, OffersToWaitByPendingSendSize) {
  writer();
  EXPECT_EQ(host.from_guest.get(Word::kFeatures), kFeaturePendingSend);
}

// Two ends at once: every byte arrives, over many wraps, whichever side is faster.
TEST(RingConcurrency, EveryPacketArrivesOnce) {
  constexpr std::uint64_t kPackets = 20'000;
  RingMemory memory;
  std::thread producer([&] {
    RingWriter writer(memory.ring());
    for (std::uint64_t i = 0; i < kPackets;) {
      Bytes packet(16 + 8 * (1 + i % 90));
      wire::hyperv::Descriptor descriptor;
      descriptor.length = packet.size();
      descriptor.transaction_id = i;
      std::ranges::copy(wire::hyperv::encode(descriptor), packet.begin());
      wire::hyperv::put(std::span{packet}, packet.size() - 8, i);
      if (writer.give(packet).what == Given::What::kDone) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  RingReader reader(memory.ring());
  std::array<std::byte, 1024> buffer{};
  for (std::uint64_t i = 0; i < kPackets;) {
    const Taken taken = reader.take(buffer);
    if (taken.what == What::kNothing) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(taken.what, What::kPacket);
    const auto packet = std::span<const std::byte>{buffer}.first(taken.bytes);
    ASSERT_EQ(wire::hyperv::decode_descriptor(packet.first<16>()).transaction_id, i);
    ASSERT_EQ(wire::hyperv::get<std::uint64_t>(packet, packet.size() - 8), i);
    ++i;
  }
  producer.join();
}

}  // namespace
}  // namespace vss::requesters::vmbus
