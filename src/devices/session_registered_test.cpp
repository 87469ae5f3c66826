// What a session does for a participant that registers: a writer, or the freezer.
#include "devices/session_fixture.hpp"

namespace vss::devices {
namespace {

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

}  // namespace
}  // namespace vss::devices
