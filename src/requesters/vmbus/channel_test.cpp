#include "requesters/vmbus/channel.hpp"

#include "requesters/vmbus/channel_fixture.hpp"

namespace vss::requesters::vmbus {
namespace {

namespace vectors = wire::hyperv::vectors;
using coordinator::CheckRequested;
using coordinator::FreezeRequested;
using coordinator::RequesterGone;
using coordinator::ThawRequested;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::Optional;
using wire::hyperv::kStatusFail;
using wire::hyperv::kStatusOk;
using Standing = Channel::Standing;

using ChannelTest = ChannelFixture;

TEST_F(ChannelTest, WholeBackupIsAnsweredByteForByte) {
  receive(vectors::kNegotiate);
  EXPECT_THAT(host.read(), Optional(ElementsAreArray(vectors::kNegotiateAnswer)));
  receive(vectors::kHotBackup);
  answer(owner.last<CheckRequested>().tag, true);
  EXPECT_THAT(host.read(), Optional(ElementsAreArray(vectors::kHotBackupAnswer)));
  receive(vectors::kFreeze);
  answer(owner.last<FreezeRequested>().tag, true);
  EXPECT_THAT(host.read(), Optional(ElementsAreArray(vectors::kFreezeAnswer)));
  receive(vectors::kThaw);
  answer(owner.last<ThawRequested>().tag, true);
  EXPECT_THAT(host.read(), Optional(ElementsAreArray(vectors::kThawAnswer)));
  EXPECT_EQ(host.from_guest.get(Ring::Word::kWriteIndex), 6568U);
  EXPECT_EQ(signals, 4);
}

TEST_F(ChannelTest, RequestsCarryTheLinksNameAndKind) {
  receive(vectors::kFreeze);
  const auto& freeze = owner.last<FreezeRequested>();
  EXPECT_EQ(freeze.requester, kId);
  EXPECT_EQ(freeze.name.view(), "hyperv:test");
  EXPECT_EQ(freeze.kind, coordinator::RequesterKind::kHyperV);
  EXPECT_TRUE(freeze.options.bound_to_requester);
}

TEST_F(ChannelTest, FailedFreezeIsAnsweredByteForByte) {
  host.begin_at(168);
  Channel later(host.from_guest.ring(), host.to_guest.ring(), ChannelIdentity{kId, "x"}, owner,
                [] {});
  host.write(vectors::kFreeze);
  later.pump(now);
  later.perform({.requester = kId,
                 .tag = owner.last<FreezeRequested>().tag,
                 .success = false,
                 .transaction = {},
                 .grade = {},
                 .hold_deadline = {},
                 .reason = {}});
  EXPECT_THAT(host.read(), Optional(ElementsAreArray(vectors::kFreezeFailed)));
}

// A failure of any stage is HV_E_FAIL; HOT_BACKUP says flags 5 either way.
TEST_F(ChannelTest, FailedHotBackupCarriesFlagsFive) {
  receive(vectors::kHotBackup);
  answer(owner.last<CheckRequested>().tag, false);
  const Bytes failed = *host.read();
  EXPECT_EQ(status_of(failed), kStatusFail);
  EXPECT_EQ(wire::hyperv::get<std::uint32_t>(failed, 0x34), 5U);
}

TEST_F(ChannelTest, DmInfoIsAnsweredAtOnceWithoutDisks) {
  Bytes request_with_flags = request(3, 9);
  request_with_flags[0x34] = std::byte{7};
  receive(request_with_flags);
  const Bytes answered = *host.read();
  EXPECT_EQ(status_of(answered), kStatusOk);
  EXPECT_EQ(wire::hyperv::get<std::uint32_t>(answered, 0x34), 0U);
  EXPECT_TRUE(owner.events.empty());
}

TEST_F(ChannelTest, BackupCompleteIsAcknowledged) {
  receive(request(4, 9));
  EXPECT_EQ(status_of(*host.read()), kStatusOk);
  EXPECT_TRUE(owner.events.empty());
}

TEST_F(ChannelTest, WhatIsNotOfferedIsRefused) {
  for (const int operation : {0, 1, 7, 8, 255}) {
    receive(request(operation, 9));
    const Bytes answered = *host.read();
    EXPECT_EQ(status_of(answered), kStatusFail) << operation;
    EXPECT_EQ(answered.size(), vectors::kHotBackup.size());
  }
  EXPECT_TRUE(owner.events.empty());
}

// What is no request gets no answer, and does not stop the next.
TEST_F(ChannelTest, MalformedMessagesAreCountedAndTheNextIsServed) {
  Bytes wrong_type = vectors::kThaw;
  wrong_type[0x1c] = std::byte{4};
  Bytes completion = vectors::kThaw;
  completion[0] = std::byte{0x0b};
  Bytes short_pipe = vectors::kThaw;
  short_pipe[0x14] = std::byte{19};
  Bytes no_flags = vectors::kThaw;
  no_flags[0x14] = std::byte{31};  // 39 bytes of payload
  Bytes many_versions = vectors::kNegotiate;
  many_versions[0x2c] = many_versions[0x2d] = std::byte{0xff};
  std::uint64_t counted = 0;
  for (const Bytes& packet : {wrong_type, completion, short_pipe, no_flags, many_versions}) {
    receive(packet);
    EXPECT_EQ(host.read(), std::nullopt);
    EXPECT_EQ(channel.ignored().count, ++counted);
    receive(request(3, 9));
    EXPECT_EQ(status_of(*host.read()), kStatusOk);
  }
  EXPECT_TRUE(owner.events.empty());
}

TEST_F(ChannelTest, LengthsInTheMessageAreNotBelieved) {
  Bytes thaw = vectors::kThaw;
  thaw[0x22] = thaw[0x23] = std::byte{0xff};  // icmsgsize
  thaw[0x17] = std::byte{0x7f};               // pipe.msgsize
  receive(thaw);
  answer(owner.last<ThawRequested>().tag, true);
  EXPECT_EQ(host.read()->size(), thaw.size());
}

TEST_F(ChannelTest, LunsOfAFreezeAreNotBelieved) {
  Bytes freeze = vectors::kFreeze;
  for (std::size_t at = 0x3c; at < 0x40; ++at)
    freeze[at] = std::byte{0xff};
  receive(freeze);
  EXPECT_EQ(owner.count<FreezeRequested>(), 1U);
}

// A second packet must not touch the first request, nor its answer.
TEST_F(ChannelTest, SecondRequestLeavesTheFirstAlone) {
  receive(request(2, 1));
  const std::uint32_t first = owner.last<CheckRequested>().tag;
  receive(request(6, 2));
  const std::uint32_t second = owner.last<ThawRequested>().tag;
  receive(request(3, 3));
  EXPECT_EQ(id_of(*host.read()), 3);
  answer(second, true);
  EXPECT_EQ(id_of(*host.read()), 2);
  answer(first, false);
  const Bytes answered = *host.read();
  EXPECT_EQ(id_of(answered), 1);
  EXPECT_EQ(status_of(answered), kStatusFail);
  EXPECT_EQ(static_cast<int>(answered[0x2c]), 2);
}

TEST_F(ChannelTest, AnswerComesOnce) {
  receive(vectors::kThaw);
  const std::uint32_t tag = owner.last<ThawRequested>().tag;
  answer(tag, true);
  answer(tag, false);
  answer(tag + 1, false);
  EXPECT_EQ(status_of(*host.read()), kStatusOk);
  EXPECT_EQ(host.read(), std::nullopt);
}

TEST_F(ChannelTest, TooManyQuestionsAreRefusedAtOnce) {
  for (std::size_t i = 0; i < Dialogue::kQuestionsMax; ++i)
    host.write(request(6, 1));
  host.write(request(6, 99));
  pump();
  EXPECT_EQ(owner.count<ThawRequested>(), Dialogue::kQuestionsMax);
  const Bytes refused = *host.read();
  EXPECT_EQ(id_of(refused), 99);
  EXPECT_EQ(status_of(refused), kStatusFail);
}

// The ring to the host is full: nothing more is taken, nothing is lost, and all goes on when the
// host reads.
TEST_F(ChannelTest, HostThatDoesNotReadIsWaitedFor) {
  int sent = 0;
  for (; sent < 130; ++sent)
    host.write(request(3, static_cast<std::uint8_t>(sent)));
  while (pump() == Standing::kMoreToDo) {
  }
  for (; sent < 190; ++sent)
    host.write(request(3, static_cast<std::uint8_t>(sent)));
  while (pump() == Standing::kMoreToDo) {
  }
  EXPECT_EQ(pump(), Standing::kAnswersWait);
  int answered = 0;
  for (int rounds = 0; rounds < 1000 && answered < sent; ++rounds) {
    if (const auto packet = host.read()) {
      EXPECT_EQ(id_of(*packet), answered % 256);
      ++answered;
    } else {
      pump();
    }
  }
  EXPECT_EQ(answered, sent);
  EXPECT_EQ(pump(), Standing::kIdle);
}

TEST_F(ChannelTest, OthersHaveTheirTurnAfterSixtyFourPackets) {
  for (int i = 0; i < 70; ++i)
    host.write(request(3, 1));
  EXPECT_EQ(pump(), Standing::kMoreToDo);
  int answered = 0;
  while (host.read())
    ++answered;
  EXPECT_EQ(answered, Channel::kPacketsAtOnce);
  EXPECT_EQ(host.to_guest.get(Ring::Word::kInterruptMask), 1U);
  EXPECT_EQ(pump(), Standing::kIdle);
  EXPECT_EQ(host.to_guest.get(Ring::Word::kInterruptMask), 0U);
}

TEST_F(ChannelTest, HostThatWritesWhileItIsServedIsServed) {
  int more = 5;
  owner.on_event = [&](const coordinator::Event& event) {
    if (more-- > 0) host.write(request(6, 1));
    answer(std::get<ThawRequested>(event).tag, true);
  };
  receive(request(6, 1));
  EXPECT_EQ(owner.count<ThawRequested>(), 6U);
}

TEST_F(ChannelTest, BrokenIndexBreaksTheChannel) {
  host.to_guest.set(Ring::Word::kWriteIndex, 12'288);
  EXPECT_EQ(pump(), Standing::kBroken);
  EXPECT_FALSE(channel.broken_why().empty());
}

TEST_F(ChannelTest, BrokenReadIndexOfTheAnswersBreaksTheChannel) {
  host.from_guest.set(Ring::Word::kReadIndex, 4);
  EXPECT_EQ(receive(request(3, 1)), Standing::kBroken);
}

TEST_F(ChannelTest, RubbishWithoutEndBreaksTheChannel) {
  const Bytes rubbish(80);
  Standing standing = Standing::kIdle;
  for (int i = 0; i < 100 && standing != Standing::kBroken; ++i)
    standing = receive(rubbish);
  EXPECT_EQ(standing, Standing::kBroken);
}

TEST_F(ChannelTest, ClosedChannelTakesItsTransactionAlong) {
  receive(vectors::kFreeze);
  channel.closed("the host went away");
  EXPECT_EQ(owner.last<RequesterGone>().requester, kId);
  EXPECT_EQ(owner.last<RequesterGone>().reason.view(), "the host went away");
  channel.closed("again");
  EXPECT_EQ(owner.count<RequesterGone>(), 1U);
}

TEST_F(ChannelTest, ExchangesTellTheHostsWordsAndTimes) {
  receive(vectors::kNegotiate);
  receive(vectors::kFreeze);
  answer(owner.last<FreezeRequested>().tag, false);
  ASSERT_EQ(owner.exchanges.size(), 2U);
  EXPECT_EQ(owner.exchanges[0].request, "NEGOTIATE");
  EXPECT_TRUE(owner.exchanges[0].success);
  EXPECT_EQ(owner.exchanges[1].request, "FREEZE");
  EXPECT_EQ(owner.exchanges[1].asked, now);
  EXPECT_FALSE(owner.exchanges[1].success);
  EXPECT_THAT(owner.traffic, ElementsAre(TrafficEvent::kFromHost, TrafficEvent::kFromGuest,
                                         TrafficEvent::kFromHost, TrafficEvent::kFromGuest));
}

// What lies before the payload is not the message's, and does not come back.
TEST_F(ChannelTest, PayloadBehindALongerHeaderIsFound) {
  Bytes packet = request(3, 5);
  packet.insert(packet.begin() + 16, 8, std::byte{0xee});
  packet[2] = std::byte{3};
  packet[4] = std::byte{11};
  receive(packet);
  const Bytes answered = *host.read();
  EXPECT_EQ(answered.size(), vectors::kHotBackup.size());
  EXPECT_EQ(id_of(answered), 5);
  EXPECT_EQ(status_of(answered), kStatusOk);
}

}  // namespace
}  // namespace vss::requesters::vmbus
