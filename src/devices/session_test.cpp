// What a session does for a plain client of the device interface and for a registered participant.
// The names of the tests are listed in docs/protocol.md beside the behaviour that each of them
// holds.
#include "devices/session.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace vss::devices {
namespace {

using coordinator::AcceptParticipant;
using coordinator::Answered;
using coordinator::Instant;
using coordinator::ParticipantId;
using coordinator::Tell;
using coordinator::WriterJoined;
using wire::FrameKind;
using Op = coordinator::Operation;

constexpr ParticipantId kId{3, 7};
constexpr Instant kNow{1'000'000'000};

std::vector<std::byte> copy_of(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> packet(FrameKind kind, std::uint32_t tag = 1,
                              const wire::DeviceMessage& message = {}) {
  return copy_of(wire::FrameWriter(kind, tag, message).bytes());
}

wire::DeviceMessage answer_to(const wire::DeviceMessage& request, std::uint32_t status = 0) {
  wire::DeviceMessage answer = request;
  answer.status = status;
  return answer;
}

// The next frame that the session would send; the kind is 0 where there is none.
struct Sent {
  std::vector<std::byte> bytes;
  wire::FrameView frame;
  bool with_page = false;
};
Sent take(Session& session) {
  Sent sent;
  if (session.outgoing().empty()) return sent;
  sent.bytes = copy_of(session.outgoing().front());
  sent.with_page = session.outgoing().front_carries_thawed_page();
  sent.frame = *wire::decode_frame(sent.bytes);
  session.sent();
  return sent;
}

template <typename Wanted>
Wanted event_of(const Input& input) {
  EXPECT_TRUE(input.event && std::holds_alternative<Wanted>(*input.event));
  return std::get<Wanted>(*input.event);
}

Session plain_session(Kind kind = Kind::kApplication) {
  Session session(kind, 42, 812);
  session.receive(kNow, packet(FrameKind::kRead));
  session.perform(AcceptParticipant{.connection = 42, .id = kId, .timeout = {}}, false);
  take(session);
  return session;
}

Session registered_session(bool page = false) {
  Session session(Kind::kApplication, 42, 812);
  wire::Registration registration;
  registration.name = "db";
  session.receive(kNow, wire::make_frame(registration, 9).bytes());
  session.perform(AcceptParticipant{.connection = 42, .id = kId, .timeout = base::seconds{2}},
                  page);
  return session;
}

Session registered_freezer() {
  Session session(Kind::kFilesystem, 42, 812);
  wire::Registration registration;
  registration.role = wire::Role::kFreezer;
  registration.name = "freezer";
  session.receive(kNow, wire::make_frame(registration).bytes());
  session.perform(AcceptParticipant{.connection = 42, .id = kId, .timeout = {}}, false);
  take(session);
  return session;
}

Tell tell(Op operation, std::uint64_t message_id) {
  return {.id = kId, .operation = operation, .message_id = message_id, .transaction = {5}};
}

wire::DeviceMessage read(Session& session) {
  session.receive(kNow, packet(FrameKind::kRead, 77));
  const Sent reply = take(session);
  EXPECT_EQ(reply.frame.kind, FrameKind::kReadReply);
  EXPECT_EQ(reply.frame.tag, 77U);
  return reply.frame.message;
}

Answered write(Session& session, const wire::DeviceMessage& message) {
  const Input input = session.receive(kNow, packet(FrameKind::kWrite, 78, message));
  const Sent reply = take(session);
  EXPECT_EQ(reply.frame.kind, FrameKind::kWriteReply);
  EXPECT_EQ(reply.frame.message.status, wire::kStatusSuccess);
  return event_of<Answered>(input);
}

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

TEST(PlainClient, IsShownAnAbortAsThaw) {
  Session session = plain_session();
  session.perform(tell(Op::kAbort, 12));
  const wire::DeviceMessage request = read(session);
  EXPECT_EQ(request.operation, 3U);
  EXPECT_EQ(write(session, answer_to(request)).operation_raw, 5U);  // as the coordinator asked
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

TEST(Registration, CarriesWhatTheWriterAskedFor) {
  Session session(Kind::kApplication, 42, 812);
  wire::Registration registration;
  registration.name = "db";
  registration.level = 50;
  registration.criticality = wire::Criticality::kOptional;
  registration.timeout = base::seconds{5};
  const auto joined =
      event_of<WriterJoined>(session.receive(kNow, wire::make_frame(registration, 9).bytes()));
  EXPECT_FALSE(joined.plain);
  EXPECT_EQ(joined.name.view(), "db");
  EXPECT_EQ(joined.level, 50);
  EXPECT_EQ(joined.criticality, coordinator::Criticality::kOptional);
  EXPECT_EQ(joined.timeout, base::seconds{5});
}

TEST(Registration, IsAnsweredWithTheGrantedTimeoutAndTheThawedPage) {
  Session session = registered_session(true);
  const Sent reply = take(session);
  EXPECT_EQ(reply.frame.kind, FrameKind::kRegistered);
  EXPECT_EQ(reply.frame.tag, 9U);
  EXPECT_TRUE(reply.with_page);
  const auto body = wire::decode_registration_reply(reply.frame);
  EXPECT_EQ(body->status, wire::kStatusSuccess);
  EXPECT_EQ(body->timeout, base::seconds{2});
}

TEST(Registration, OfARefusedWriterSaysWhyBeforeTheConnectionEnds) {
  Session session(Kind::kApplication, 42, 812);
  wire::Registration registration;
  registration.name = "db";
  session.receive(kNow, wire::make_frame(registration).bytes());
  session.perform(coordinator::RefuseParticipant{.connection = 42, .reason = "name is taken"});
  EXPECT_TRUE(session.closing());
  const Sent reply = take(session);
  EXPECT_EQ(wire::decode_registration_reply(reply.frame)->reason.view(), "name is taken");
  EXPECT_FALSE(session.disconnected("gone"));
}

TEST(Registration, IsRefusedWhenItIsNotTheFirstFrame) {
  Session session = plain_session();
  wire::Registration registration;
  registration.name = "db";
  const Input input = session.receive(kNow, wire::make_frame(registration).bytes());
  EXPECT_FALSE(input.event);
  EXPECT_EQ(wire::decode_registration_reply(take(session).frame)->status, wire::kStatusFail);
  EXPECT_TRUE(session.plain());  // and it goes on as before
  EXPECT_FALSE(session.closing());
}

TEST(Registration, OfAFreezerAtTheWritersSocketIsRefused) {
  Session session(Kind::kApplication, 42, 812);
  wire::Registration registration;
  registration.role = wire::Role::kFreezer;
  registration.name = "freezer";
  EXPECT_FALSE(session.receive(kNow, wire::make_frame(registration).bytes()).event);
  EXPECT_TRUE(session.closing());
}

TEST(RegisteredWriter, IsSentEventsAndAnswersThem) {
  Session session = registered_session();
  take(session);
  Tell freeze = tell(Op::kFreeze, 12);
  freeze.hold_deadline = {99};
  session.perform(freeze);
  const Sent sent = take(session);
  const auto event = wire::decode_event(sent.frame);
  EXPECT_EQ(event->operation, wire::Operation::kFreeze);
  EXPECT_EQ(event->transaction.value, 5U);
  EXPECT_EQ(event->hold_deadline, Instant{99});
  const wire::Reply reply{.operation = 2,
                          .message_id = event->message_id,
                          .status = 1,
                          .reason = "disk full",
                          .summary = {}};
  const auto answered = event_of<Answered>(session.receive(kNow, wire::make_frame(reply).bytes()));
  EXPECT_EQ(answered.message_id, 12U);
  EXPECT_FALSE(answered.success);
  EXPECT_EQ(answered.reason.view(), "disk full");
}

TEST(RegisteredWriter, IsToldThatItsAnswerWasLate) {
  Session session = registered_session();
  take(session);
  session.perform(coordinator::TellLate{.id = kId, .message_id = 12, .operation_raw = 2});
  const Sent late = take(session);
  EXPECT_EQ(late.frame.kind, FrameKind::kLate);
  EXPECT_EQ(late.frame.message.message_id, 12U);
}

TEST(RegisteredWriter, IsGrantedMoreTime) {
  Session session = registered_session();
  take(session);
  const auto asked = event_of<coordinator::MoreTimeAsked>(session.receive(
      kNow, wire::make_more_time({.message_id = 12, .duration = base::seconds{3}}).bytes()));
  EXPECT_EQ(asked.duration, base::seconds{3});
  session.perform(coordinator::GrantTime{.id = kId, .message_id = 12, .granted = base::seconds{1}});
  const Sent reply = take(session);
  EXPECT_EQ(reply.frame.kind, FrameKind::kMoreTimeReply);
  EXPECT_EQ(wire::decode_more_time(reply.frame)->duration, base::seconds{1});
}

TEST(RegisteredWriter, GetsTheThawedPageWhenItBecomesKnown) {
  Session session = registered_session(false);
  EXPECT_FALSE(take(session).with_page);
  session.offer_thawed_page();
  const Sent offer = take(session);
  EXPECT_EQ(offer.frame.kind, FrameKind::kThawedPage);
  EXPECT_TRUE(offer.with_page);
}

TEST(RegisteredFreezer, GetsTheRequestWithPrepareAndGivesNewsBack) {
  Session session = registered_freezer();
  wire::FilesystemRequest request;
  request.selection = wire::Selection::kPaths;
  request.paths.push_back("/srv");
  session.perform(tell(Op::kPrepare, 12), &request);
  const Sent sent = take(session);
  EXPECT_EQ(wire::decode_filesystem_request(sent.frame)->paths[0].view(), "/srv");
  wire::MountDetail detail;
  detail.mount_point = "/srv";
  auto frame = wire::make_frame(detail);
  const auto bytes = copy_of(frame.bytes());
  const Input input = session.receive(kNow, bytes);
  ASSERT_TRUE(input.news);
  EXPECT_EQ(input.news->kind, FrameKind::kDetail);
}

TEST(RegisteredFreezer, ReportsWhereItStands) {
  Session session = registered_freezer();
  wire::FreezerStatus status;
  status.clean = true;
  status.guardian_alive = true;
  const auto event =
      event_of<coordinator::FreezerStatus>(session.receive(kNow, wire::make_frame(status).bytes()));
  EXPECT_TRUE(event.standing.clean && event.standing.guardian_alive);
}

TEST(RegisteredWriter, IsDisconnectedForAFreezersFrame) {
  Session session = registered_session();
  EXPECT_FALSE(session.receive(kNow, wire::make_frame(wire::FreezerStatus{}).bytes()).event);
  EXPECT_TRUE(session.closing());
}

TEST(Flood, OfFramesIsCutOffWithAReason) {
  Session session(Kind::kApplication, 42, 812, {.outgoing_bytes = 65536, .frames_per_second = 3});
  session.receive(kNow, packet(FrameKind::kReady));
  session.perform(AcceptParticipant{.connection = 42, .id = kId, .timeout = {}}, false);
  session.receive(kNow, packet(FrameKind::kReady));
  session.receive(kNow, packet(FrameKind::kReady));
  EXPECT_FALSE(session.closing());
  session.receive(kNow + base::milliseconds{999}, packet(FrameKind::kReady));
  EXPECT_TRUE(session.closing());
}

TEST(Flood, IsCountedAnewEachSecond) {
  Session session(Kind::kApplication, 42, 812, {.outgoing_bytes = 65536, .frames_per_second = 1});
  session.receive(kNow, packet(FrameKind::kReady));
  session.perform(AcceptParticipant{.connection = 42, .id = kId, .timeout = {}}, false);
  session.receive(kNow + base::seconds{1}, packet(FrameKind::kReady));
  EXPECT_FALSE(session.closing());
}

TEST(UnreadReplies, AreBoundedAndEndTheConnection) {
  Session session = plain_session();
  for (int i = 0; i < 1000 && !session.closing(); ++i) {
    session.receive(kNow, packet(FrameKind::kRead));
  }
  EXPECT_TRUE(session.closing());
  EXPECT_LE(session.outgoing().bytes_waiting(), default_limits(Kind::kApplication).outgoing_bytes);
}

TEST(Garbage, EndsTheConnectionWithAReason) {
  for (const std::size_t size : {0U, 1U, 79U, 80U, 4096U}) {
    Session session = plain_session();
    const std::vector<std::byte> garbage(size, std::byte{0xa5});
    EXPECT_FALSE(session.receive(kNow, garbage).event);
    EXPECT_TRUE(session.closing());
    EXPECT_FALSE(session.closing_reason().empty());
  }
}

TEST(OutgoingQueue, KeepsFramesWholeWhenItsMemoryIsUsedAgain) {
  OutgoingQueue queue(64);
  std::vector<std::byte> frame(20);
  for (int i = 0; i < 100; ++i) {
    frame[0] = std::byte(i);
    ASSERT_TRUE(queue.push(frame, i % 2 == 0));
    if (i == 0) continue;
    EXPECT_EQ(queue.front()[0], std::byte(i - 1));
    EXPECT_EQ(queue.front_carries_thawed_page(), (i - 1) % 2 == 0);
    queue.pop();
  }
  ASSERT_TRUE(queue.push(frame, false));
  EXPECT_FALSE(queue.push(frame, false));
}

}  // namespace
}  // namespace vss::devices
