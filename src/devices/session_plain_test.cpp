// What a session does for a plain client of the device interface. The names of these tests stand in
// docs/protocol.md beside the behaviour that each of them holds.
#include "devices/session_fixture.hpp"

namespace vss::devices {
namespace {

TEST(PlainClient, JoinsWithItsFirstDeviceFrameAtLevel100AsRequired) {
  for (const FrameKind kind : {FrameKind::kRead, FrameKind::kWrite, FrameKind::kReady}) {
    Session session(Kind::kApplication, 42, 812);
    const auto joined = event_of<WriterJoined>(session.receive(kNow, packet(kind)));
    EXPECT_EQ(joined.connection, 42U);
    EXPECT_TRUE(joined.plain);
    EXPECT_EQ(joined.name.view(), "plain:812");
    EXPECT_EQ(joined.level, 100);
    EXPECT_EQ(joined.criticality, coordinator::Criticality::kRequired);
  }
}

TEST(PlainClient, OfTheFilesystemDeviceJoinsAsAFreezerThatReportsNothing) {
  Session session(Kind::kFilesystem, 42, 812);
  const auto joined =
      event_of<coordinator::FreezerJoined>(session.receive(kNow, packet(FrameKind::kReady)));
  EXPECT_TRUE(joined.plain);
}

TEST(PlainClient, GetsItsFirstFrameAnsweredOnceItIsAccepted) {
  Session session(Kind::kApplication, 42, 812);
  session.receive(kNow, packet(FrameKind::kRead, 5));
  EXPECT_TRUE(session.outgoing().empty());
  session.perform(AcceptParticipant{.connection = 42, .id = kId, .timeout = {}}, false);
  const Sent reply = take(session);
  EXPECT_EQ(reply.frame.kind, FrameKind::kReadReply);
  EXPECT_EQ(reply.frame.tag, 5U);
}

TEST(PlainClient, IsDisconnectedWithTheReasonWhenItIsRefused) {
  Session session(Kind::kApplication, 42, 812);
  session.receive(kNow, packet(FrameKind::kRead, 5));
  session.perform(coordinator::RefuseParticipant{.connection = 42, .reason = "too many writers"});
  EXPECT_TRUE(session.closing());
  EXPECT_EQ(session.closing_reason().view(), "too many writers");
  EXPECT_FALSE(session.disconnected("gone"));  // it never took part
}

TEST(DeviceMessages, Are64BytesWithZeroReservedBytes) {
  Session session = plain_session();
  session.perform(tell(Op::kFreeze, 0x17a1b2c3d4e5f607));
  const wire::DeviceMessage message = read(session);
  EXPECT_EQ(sizeof message, 64U);
  EXPECT_EQ(message.operation, 2U);
  EXPECT_EQ(message.status, 0U);
  EXPECT_EQ(message.message_id, 0x17a1b2c3d4e5f607U);
  EXPECT_EQ(message.reserved, decltype(message.reserved){});
}

TEST(ReadOnEmpty, SucceedsWithStatusOneAndIdZero) {
  Session session = plain_session();
  const wire::DeviceMessage message = read(session);
  EXPECT_EQ(message.status, wire::kStatusFail);
  EXPECT_EQ(message.operation, 0U);
  EXPECT_EQ(message.message_id, 0U);
}

TEST(Read, GivesEachRequestOnceInTheOrderOfAsking) {
  Session session = plain_session();
  session.perform(tell(Op::kCheck, 11));
  session.perform(tell(Op::kFreeze, 12));
  EXPECT_EQ(read(session).message_id, 11U);
  EXPECT_EQ(read(session).message_id, 12U);
  EXPECT_EQ(read(session).status, wire::kStatusFail);
}

TEST(Ready, IsLevelTriggered) {
  Session session = plain_session();
  session.perform(tell(Op::kCheck, 11));
  for (const std::uint32_t tag : {1U, 2U}) {  // asked twice without a READ: answered twice
    session.receive(kNow, packet(FrameKind::kReady, tag));
    const Sent reply = take(session);
    EXPECT_EQ(reply.frame.kind, FrameKind::kReady);
    EXPECT_EQ(reply.frame.tag, tag);
  }
  read(session);
  session.receive(kNow, packet(FrameKind::kReady, 3));
  EXPECT_TRUE(session.outgoing().empty());
}

TEST(Ready, IsAnsweredWhenARequestComes) {
  Session session = plain_session();
  session.receive(kNow, packet(FrameKind::kReady, 3));
  EXPECT_TRUE(session.outgoing().empty());
  session.perform(tell(Op::kThaw, 13));
  EXPECT_EQ(take(session).frame.tag, 3U);
  session.perform(tell(Op::kCheck, 14));
  EXPECT_TRUE(session.outgoing().empty());  // once: one READY, one answer
}

TEST(Write, PassesOnTheAnswerToARequestThatWasRead) {
  Session session = plain_session();
  session.perform(tell(Op::kFreeze, 12));
  const Answered answered = write(session, answer_to(read(session)));
  EXPECT_EQ(answered.id, kId);
  EXPECT_EQ(answered.message_id, 12U);
  EXPECT_EQ(answered.operation_raw, 2U);
  EXPECT_TRUE(answered.success);
}

TEST(LateWrite, SucceedsForTheClientAndIsPassedOnForJudgement) {
  Session session = plain_session();
  session.perform(tell(Op::kFreeze, 12));
  const wire::DeviceMessage request = read(session);
  session.perform(coordinator::Withdraw{.id = kId, .message_id = 12});
  EXPECT_EQ(write(session, answer_to(request)).message_id, 12U);  // expects success within
  session.perform(coordinator::TellLate{.id = kId, .message_id = 12, .operation_raw = 2});
  EXPECT_EQ(session.late_answers(), 1U);
  EXPECT_TRUE(session.outgoing().empty());  // the device interface has no way to say it
  EXPECT_FALSE(session.closing());
}

TEST(BogusWrite, SucceedsForTheClientAndIsPassedOnForJudgement) {
  Session session = plain_session();
  EXPECT_EQ(write(session, {.operation = 2, .status = 0, .message_id = 999}).message_id, 999U);
  EXPECT_EQ(write(session, {}).message_id, 0U);
}

TEST(Write, NamesNothingWhenItsRequestWasNotReadYet) {
  Session session = plain_session();
  session.perform(tell(Op::kFreeze, 12));
  const Answered answered = write(session, {.operation = 2, .status = 0, .message_id = 12});
  EXPECT_EQ(answered.message_id, 0U);
  EXPECT_EQ(read(session).message_id, 12U);  // still to be read
}

TEST(WriteWithAWrongOperation, DoesNotUseUpTheRequest) {
  Session session = plain_session();
  session.perform(tell(Op::kFreeze, 12));
  const wire::DeviceMessage request = read(session);
  for (const std::uint32_t operation : {0U, 1U, 3U, 4U, 5U, 4'000'000'000U}) {
    wire::DeviceMessage lie = answer_to(request);
    lie.operation = operation;
    EXPECT_EQ(write(session, lie).operation_raw, operation);
  }
  EXPECT_EQ(write(session, answer_to(request)).operation_raw, 2U);
}

TEST(WriteStatus, CountsAllOf32Bits) {
  Session session = plain_session();
  for (const std::uint32_t status : {1U, 2U, 0x100U, 0x10000U, 0x80000000U}) {
    session.perform(tell(Op::kCheck, 12));
    EXPECT_FALSE(write(session, answer_to(read(session), status)).success) << status;
  }
}

TEST(WithdrawnRequest, CanNoLongerBeRead) {
  Session session = plain_session();
  session.perform(tell(Op::kFreeze, 12));
  session.perform(coordinator::Withdraw{.id = kId, .message_id = 12});
  EXPECT_EQ(read(session).status, wire::kStatusFail);
  EXPECT_FALSE(session.device_readable());
}

TEST(PlainClient, ThatLeavesFourRequestsUnansweredIsDisconnected) {
  Session session = plain_session();
  for (std::uint64_t id = 1; id <= 4; ++id)
    session.perform(tell(Op::kCheck, id));
  EXPECT_FALSE(session.closing());
  session.perform(tell(Op::kCheck, 5));
  EXPECT_TRUE(session.closing());
}

TEST(DeviceNode, IsServedByTheSameSessionWithoutFrames) {
  Session session(Kind::kApplication, 42, 812);
  EXPECT_TRUE(std::get<WriterJoined>(session.open_device()).plain);
  session.perform(AcceptParticipant{.connection = 42, .id = kId, .timeout = {}}, false);
  EXPECT_FALSE(session.device_readable());
  session.perform(tell(Op::kFreeze, 12));
  EXPECT_TRUE(session.device_readable());
  const auto event = session.write_device(answer_to(session.read_device()));
  EXPECT_TRUE(std::get<Answered>(*event).success);
  EXPECT_TRUE(session.outgoing().empty());
}

TEST(ClosedConnection, ReleasesItsRequestsAtOnceAndOnce) {
  Session session = plain_session();
  session.perform(tell(Op::kFreeze, 12));
  const auto left = session.disconnected("its connection was closed");
  EXPECT_EQ(std::get<coordinator::ParticipantLeft>(*left).id, kId);
  EXPECT_FALSE(session.disconnected("again"));
}

TEST(ReopenedConnection, JoinsAnewAndSeesNoOldRequest) {
  Session first = plain_session();
  first.perform(tell(Op::kFreeze, 12));
  first.disconnected("its connection was closed");
  Session second(Kind::kApplication, 43, 812);
  const auto joined = event_of<WriterJoined>(second.receive(kNow, packet(FrameKind::kRead, 1)));
  EXPECT_EQ(joined.connection, 43U);
  second.perform(AcceptParticipant{.connection = 43, .id = {3, 8}, .timeout = {}}, false);
  EXPECT_EQ(take(second).frame.message.status, wire::kStatusFail);
}

}  // namespace
}  // namespace vss::devices
