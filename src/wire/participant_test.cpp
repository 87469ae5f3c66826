#include "wire/participant.hpp"

#include <gtest/gtest.h>

#include <string>

#include "wire/control.hpp"
#include "wire/packet_for_test.hpp"

namespace vss::wire {
namespace {

using namespace std::chrono_literals;

Event freeze_event() {
  Event event;
  event.operation = Operation::kFreeze;
  event.message_id = 5;
  event.transaction = {77};
  event.reply_deadline = {1'000};
  event.hold_deadline = {2'000};
  return event;
}

FrameWriter registration_frame(std::string_view name) {
  FrameWriter frame(FrameKind::kRegister, 0);
  frame.add_text(FieldType::kName, name);
  return frame;
}

TEST(Registration, ComesBackWhole) {
  Registration sent{.role = Role::kFreezer,
                    .name = "freezer",
                    .level = 999,
                    .criticality = Criticality::kOptional,
                    .timeout = 3s,
                    .freezer_status = FreezerStatus{.clean = true,
                                                    .guardian_alive = true,
                                                    .last_thawed = {8},
                                                    .transaction = {9},
                                                    .reason = "waits"},
                    .version = "0.1"};
  const Packet packet(make_frame(sent, 4));
  const auto got = decode_registration(packet.view);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(packet.view.tag, 4u);
  EXPECT_EQ(got->role, sent.role);
  EXPECT_EQ(got->name, sent.name);
  EXPECT_EQ(got->level, sent.level);
  EXPECT_EQ(got->criticality, sent.criticality);
  EXPECT_EQ(got->timeout, sent.timeout);
  EXPECT_EQ(got->freezer_status, sent.freezer_status);
  EXPECT_EQ(got->version, sent.version);
}

TEST(Registration, NeedsOnlyAName) {
  const Packet packet(registration_frame("db"));
  const auto got = decode_registration(packet.view);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->role, Role::kWriter);
  EXPECT_EQ(got->level, base::kLevelDefault);
  EXPECT_EQ(got->criticality, Criticality::kRequired);
  EXPECT_EQ(got->timeout, 0s);
  EXPECT_FALSE(got->freezer_status.has_value());
}

TEST(Registration, WithABadNameIsRefused) {
  expect_bad(FrameWriter(FrameKind::kRegister, 0), decode_registration);
  for (const char* name : {"", "a/b", "a\nb", "a\x7f", "caf\xc3\xa9"}) {
    expect_bad(registration_frame(name), decode_registration);
  }
  expect_bad(registration_frame(std::string(65, 'x')), decode_registration);
  expect_bad(registration_frame(std::string_view("a\0b", 3)), decode_registration);
}

TEST(Registration, WithAValueOutOfRangeIsRefused) {
  expect_bad(registration_frame("w").add_u32(FieldType::kLevel, 1000), decode_registration);
  expect_bad(registration_frame("w").add_u32(FieldType::kRole, 2), decode_registration);
  expect_bad(registration_frame("w").add_u32(FieldType::kCriticality, 2), decode_registration);
  expect_bad(registration_frame("w").add_u64(FieldType::kTimeout, UINT64_MAX), decode_registration);
  expect_bad(registration_frame("w").add_text(FieldType::kVersion, "\n"), decode_registration);
}

TEST(Registration, OfAWriterWithAFreezersStandingIsRefused) {
  expect_bad(registration_frame("w").add_u32(FieldType::kFlags, 1), decode_registration);
}

TEST(RegistrationReply, ComesBackWhole) {
  const Packet packet(make_frame(RegistrationReply{kStatusFail, 2s, "full"}, 3));
  const auto got = decode_registration_reply(packet.view);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->status, kStatusFail);
  EXPECT_EQ(got->timeout, 2s);
  EXPECT_EQ(got->reason, Reason("full"));
}

TEST(Event, ComesBackWhole) {
  const Packet packet(make_frame(freeze_event()));
  const auto got = decode_event(packet.view);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->operation, Operation::kFreeze);
  EXPECT_EQ(got->message_id, 5u);
  EXPECT_EQ(got->transaction.value, 77u);
  EXPECT_EQ(got->reply_deadline.nanoseconds_since_boot, 1'000);
  EXPECT_EQ(got->hold_deadline.nanoseconds_since_boot, 2'000);
}

TEST(Event, WithoutADeadlineComesBackWithNone) {
  Event event = freeze_event();
  event.hold_deadline = base::Instant::never();
  const Packet packet(make_frame(event));
  EXPECT_TRUE(decode_event(packet.view)->hold_deadline.is_never());
}

TEST(Event, WithUnknownOperationOrNoIdIsRefused) {
  for (const std::uint32_t operation : {0u, 6u, 255u}) {
    expect_bad(FrameWriter(FrameKind::kEvent, 0, {.operation = operation, .message_id = 1}),
               decode_event);
  }
  expect_bad(FrameWriter(FrameKind::kEvent, 0, {.operation = 1}), decode_event);
}

TEST(Event, WithADeadlineThatWouldOverflowIsRefused) {
  FrameWriter frame(FrameKind::kEvent, 0, {.operation = 1, .message_id = 1});
  frame.add_u64(FieldType::kReplyDeadline, (1ULL << 62) + 1);
  expect_bad(frame, decode_event);
}

TEST(Reply, ComesBackWhole) {
  Reply sent;
  sent.operation = 99;
  sent.message_id = 4;
  sent.status = 0x100;
  sent.reason = "locked by another process";
  sent.summary = FilesystemSummary{.to_freeze = 3, .frozen = 2, .plan_changed = 1};
  const Packet packet(make_frame(sent));
  const auto got = decode_reply(packet.view);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->operation, 99u);
  EXPECT_EQ(got->message_id, 4u);
  EXPECT_EQ(got->status, 0x100u);
  EXPECT_EQ(got->reason, sent.reason);
  EXPECT_EQ(got->summary, sent.summary);
}

TEST(Reply, WithASummaryThatMakesNoSenseIsRefused) {
  Reply reply;
  reply.summary = FilesystemSummary{.plan_changed = 2};
  expect_bad(make_frame(reply), decode_reply);
}

TEST(Reason, IsMadeHarmlessAndNeverCostsAnAnswer) {
  FrameWriter frame(FrameKind::kReply, 0);
  frame.add_text(FieldType::kReason, "a\nb\x1b[2J \xff\xc3\xa9 \xed\xa0\x80.");
  const Packet packet(frame);
  EXPECT_EQ(decode_reply(packet.view)->reason.view(), "a?b?[2J ?\xc3\xa9 ???.");
  FrameWriter longer(FrameKind::kReply, 0);
  longer.add_text(FieldType::kReason, std::string(239, 'x') + "\xc3\xa9tail");
  EXPECT_EQ(decode_reply(Packet(longer).view)->reason.view(), std::string(239, 'x'));
}

TEST(MoreTime, ComesBackWhole) {
  const Packet asked(make_more_time({8, 5s}));
  EXPECT_EQ(asked.view.kind, FrameKind::kMoreTime);
  EXPECT_EQ(decode_more_time(asked.view)->duration, 5s);
  const Packet granted(make_more_time_reply({8, 0s}));
  EXPECT_EQ(granted.view.kind, FrameKind::kMoreTimeReply);
  EXPECT_EQ(decode_more_time(granted.view)->message_id, 8u);
}

TEST(MoreTime, PastAllReasonIsRefused) {
  FrameWriter frame(FrameKind::kMoreTime, 0);
  expect_bad(frame.add_u64(FieldType::kDuration, 1ULL << 63), decode_more_time);
}

TEST(Late, NamesTheAnswer) {
  const Packet packet(make_late(2, 6));
  EXPECT_EQ(packet.view.kind, FrameKind::kLate);
  EXPECT_EQ(packet.view.message, (DeviceMessage{.operation = 2, .message_id = 6}));
}

TEST(Bodies, RefuseAFrameOfAnotherKind) {
  const Packet packet(FrameWriter(FrameKind::kRead, 0));
  const auto unknown = std::unexpected(FrameError::kUnknownKind);
  EXPECT_EQ(decode_registration(packet.view).error(), unknown.error());
  EXPECT_EQ(decode_registration_reply(packet.view).error(), unknown.error());
  EXPECT_EQ(decode_event(packet.view).error(), unknown.error());
  EXPECT_EQ(decode_reply(packet.view).error(), unknown.error());
  EXPECT_EQ(decode_more_time(packet.view).error(), unknown.error());
  EXPECT_EQ(decode_filesystem_request(packet.view).error(), unknown.error());
  EXPECT_EQ(decode_plan_end(packet.view).error(), unknown.error());
  EXPECT_EQ(decode_mount_detail(packet.view).error(), unknown.error());
  EXPECT_EQ(decode_freezer_status(packet.view).error(), unknown.error());
  EXPECT_EQ(decode_control_request(packet.view).error(), unknown.error());
  EXPECT_EQ(decode_control_reply(packet.view).error(), unknown.error());
  EXPECT_EQ(decode_control_notice(packet.view).error(), unknown.error());
  EXPECT_EQ(decode_control_data(packet.view).error(), unknown.error());
}

}  // namespace
}  // namespace vss::wire
