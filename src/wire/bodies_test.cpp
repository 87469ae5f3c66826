// Every body comes back as it was sent, and is refused where a value is out of its range.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "wire/control.hpp"
#include "wire/participant.hpp"

namespace vss::wire {
namespace {

using namespace std::chrono_literals;

// A packet and its view; the view stays valid with it.
struct Packet {
  explicit Packet(FrameWriter writer) {
    const auto span = writer.bytes();
    bytes.assign(span.begin(), span.end());
    const auto decoded = decode_frame(bytes);
    EXPECT_TRUE(decoded.has_value());
    if (decoded) view = *decoded;
  }
  std::vector<std::byte> bytes;
  FrameView view;
};

template <typename Decoder>
void expect_bad(FrameWriter writer, Decoder decode) {
  const Packet packet(std::move(writer));
  const auto body = decode(packet.view);
  ASSERT_FALSE(body.has_value());
  EXPECT_EQ(body.error(), FrameError::kBadField);
}

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

TEST(Event, CarriesARequestForFilesystems) {
  auto request = std::make_unique<FilesystemRequest>();
  request->selection = Selection::kPaths;
  request->paths.push_back("/a");
  request->paths.push_back("/b\xff");
  request->exclude.push_back("/mnt/*");
  request->unfreezable = UnfreezablePolicy::kFail;
  request->require = Grade::kApplication;
  const Packet packet(make_frame(freeze_event(), *request));
  EXPECT_TRUE(decode_event(packet.view).has_value());
  const auto got = decode_filesystem_request(packet.view);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->selection, Selection::kPaths);
  ASSERT_EQ(got->paths.size(), 2u);
  EXPECT_EQ(got->paths[1], request->paths[1]);
  ASSERT_EQ(got->exclude.size(), 1u);
  EXPECT_EQ(got->exclude[0], request->exclude[0]);
  EXPECT_EQ(got->unfreezable, UnfreezablePolicy::kFail);
  EXPECT_EQ(got->require, Grade::kApplication);
}

TEST(FilesystemRequest, ThatContradictsItselfIsRefused) {
  const auto plan = [] { return FrameWriter(FrameKind::kPlan, 0); };
  expect_bad(plan().add_text(FieldType::kPath, "/a"), decode_filesystem_request);
  expect_bad(plan().add_u32(FieldType::kSelection, 2), decode_filesystem_request);
}

TEST(FilesystemRequest, WithAValueOutOfRangeIsRefused) {
  const auto plan = [] {
    return FrameWriter(FrameKind::kPlan, 0)
        .add_u32(FieldType::kSelection, static_cast<std::uint32_t>(Selection::kPaths))
        .add_text(FieldType::kPath, "/a");
  };
  EXPECT_TRUE(decode_filesystem_request(Packet(plan()).view).has_value());
  expect_bad(plan().add_text(FieldType::kPath, "relative"), decode_filesystem_request);
  expect_bad(plan().add_text(FieldType::kPath, {"/\0", 2}), decode_filesystem_request);
  expect_bad(plan().add_text(FieldType::kPath, "/" + std::string(1024, 'x')),
             decode_filesystem_request);
  expect_bad(plan().add_text(FieldType::kExcludePattern, ""), decode_filesystem_request);
  expect_bad(plan().add_u32(FieldType::kUnfreezablePolicy, 2), decode_filesystem_request);
  expect_bad(plan().add_u32(FieldType::kRequire, 3), decode_filesystem_request);
  expect_bad(FrameWriter(FrameKind::kPlan, 0).add_u32(FieldType::kSelection, 3),
             decode_filesystem_request);
}

TEST(FilesystemRequest, WithOnePathTooManyIsRefused) {
  FrameWriter frame(FrameKind::kPlan, 0);
  frame.add_u32(FieldType::kSelection, 2);
  for (std::size_t i = 0; i < base::kSelectedPathsMax; ++i)
    frame.add_text(FieldType::kPath, "/a");
  EXPECT_TRUE(decode_filesystem_request(Packet(frame).view).has_value());
  expect_bad(frame.add_text(FieldType::kPath, "/a"), decode_filesystem_request);
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

TEST(MountDetail, ComesBackWhole) {
  MountDetail sent;
  sent.transaction = {3};
  sent.device_major = 7;
  sent.device_minor = 1;
  sent.mount_id = 42;
  sent.layer = 1;
  sent.action = MountAction::kVeto;
  sent.result = MountResult::kStuck;
  sent.error = 16;
  sent.began = {5};
  sent.freeze_time = 6ns;
  sent.thaw_time = 7ns;
  sent.mount_point = "/srv/\xff";
  sent.filesystem_type = "ext4";
  sent.source = "/dev/loop1";
  sent.reason = "frozen by someone else";
  const Packet packet(make_frame(sent, 2));
  const auto got = decode_mount_detail(packet.view);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->transaction, sent.transaction);
  EXPECT_EQ(got->device_major, 7u);
  EXPECT_EQ(got->device_minor, 1u);
  EXPECT_EQ(got->mount_id, 42u);
  EXPECT_EQ(got->layer, 1);
  EXPECT_EQ(got->action, sent.action);
  EXPECT_EQ(got->result, sent.result);
  EXPECT_EQ(got->error, 16);
  EXPECT_EQ(got->began, sent.began);
  EXPECT_EQ(got->freeze_time, sent.freeze_time);
  EXPECT_EQ(got->thaw_time, sent.thaw_time);
  EXPECT_EQ(got->mount_point, sent.mount_point);
  EXPECT_EQ(got->filesystem_type, sent.filesystem_type);
  EXPECT_EQ(got->source, sent.source);
  EXPECT_EQ(got->reason, sent.reason);
}

TEST(MountDetail, WithAValueOutOfRangeIsRefused) {
  const auto with = [](auto change) {
    MountDetail detail;
    detail.mount_point = "/a";
    change(detail);
    return make_frame(detail);
  };
  expect_bad(with([](auto& d) { d.mount_point = ""; }), decode_mount_detail);
  expect_bad(with([](auto& d) { d.action = MountAction{6}; }), decode_mount_detail);
  expect_bad(with([](auto& d) { d.result = MountResult{10}; }), decode_mount_detail);
  expect_bad(with([](auto& d) { d.layer = -2; }), decode_mount_detail);
  expect_bad(with([](auto& d) { d.error = -1; }), decode_mount_detail);
  expect_bad(with([](auto& d) { d.freeze_time = -1ns; }), decode_mount_detail);
  expect_bad(with([](auto& d) { d.filesystem_type = "\x01"; }), decode_mount_detail);
}

TEST(FreezerStatus, ComesBackWhole) {
  const FreezerStatus sent{.clean = false,
                           .guardian_alive = true,
                           .last_thawed = {4},
                           .transaction = {5},
                           .reason = "FITHAW of /a has not returned"};
  const Packet packet(make_frame(sent));
  EXPECT_EQ(*decode_freezer_status(packet.view), sent);
}

TEST(PlanEnd, ComesBackWhole) {
  const FilesystemSummary summary{.to_freeze = 1,
                                  .frozen = 2,
                                  .synced = 3,
                                  .excluded = 4,
                                  .lower_grade = 5,
                                  .in_flight = 6,
                                  .thawed_by_others = 7,
                                  .thawed_by_guardian = 8,
                                  .owner_unknown = 9,
                                  .plan_changed = 0};
  const Packet packet(make_plan_end(summary, 6, kStatusFail, "no"));
  const auto got = decode_plan_end(packet.view);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(packet.view.tag, 6u);
  EXPECT_EQ(got->status, kStatusFail);
  EXPECT_EQ(got->summary, summary);
  EXPECT_EQ(got->reason, Reason("no"));
}

TEST(ControlRequest, ComesBackWhole) {
  auto sent = std::make_unique<ControlRequest>();
  sent->command = ControlCommand::kSnapshot;
  sent->transaction = {6};
  sent->filesystems.selection = Selection::kNone;
  sent->filesystems.require = Grade::kCrash;
  sent->require_given = true;
  sent->hold_budget = 9s;
  sent->note = "cp -a";
  const Packet packet(make_frame(*sent, 8));
  const auto got = decode_control_request(packet.view);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(packet.view.tag, 8u);
  EXPECT_EQ(got->command, sent->command);
  EXPECT_EQ(got->transaction, sent->transaction);
  EXPECT_EQ(got->filesystems.selection, Selection::kNone);
  EXPECT_EQ(got->filesystems.require, Grade::kCrash);
  EXPECT_TRUE(got->require_given);
  EXPECT_EQ(got->hold_budget, 9s);
  EXPECT_EQ(got->note, sent->note);
}

TEST(ControlRequest, WithoutAKnownCommandIsRefused) {
  expect_bad(FrameWriter(FrameKind::kControlRequest, 0), decode_control_request);
  for (const std::uint32_t command : {0u, 6u, 15u, 22u}) {
    FrameWriter frame(FrameKind::kControlRequest, 0);
    expect_bad(frame.add_u32(FieldType::kCommand, command), decode_control_request);
  }
}

TEST(ControlReply, ComesBackWhole) {
  const ControlReply sent{.status = kStatusFail,
                          .transaction = {2},
                          .hold_deadline = {30},
                          .grade = Grade::kApplication,
                          .reason = "expired"};
  const Packet packet(make_frame(sent, 1));
  const auto got = decode_control_reply(packet.view);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->status, sent.status);
  EXPECT_EQ(got->transaction, sent.transaction);
  EXPECT_EQ(got->hold_deadline, sent.hold_deadline);
  EXPECT_EQ(got->grade, sent.grade);
  EXPECT_EQ(got->reason, sent.reason);
}

TEST(ControlReply, WithAGradeOutOfRangeIsRefused) {
  FrameWriter frame(FrameKind::kControlReply, 0);
  expect_bad(frame.add_u32(FieldType::kGrade, 3), decode_control_reply);
}

TEST(ControlNotice, ComesBackWhole) {
  ControlNotice sent{.kind = NoticeKind::kEnded, .outcome = {}};
  sent.outcome.status = kStatusFail;
  sent.outcome.reason = "torn";
  const Packet packet(make_frame(sent));
  const auto got = decode_control_notice(packet.view);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->kind, NoticeKind::kEnded);
  EXPECT_EQ(got->outcome.status, kStatusFail);
  EXPECT_EQ(got->outcome.reason, sent.outcome.reason);
}

TEST(ControlNotice, OfUnknownKindIsRefused) {
  FrameWriter frame(FrameKind::kControlNotice, 0);
  expect_bad(frame.add_u32(FieldType::kNoticeKind, 3), decode_control_notice);
}

TEST(ControlData, ComesBackAndIsNeverMissing) {
  const Packet packet(make_control_data("{\"a\":1}", 2));
  EXPECT_EQ(decode_control_data(packet.view), "{\"a\":1}");
  expect_bad(FrameWriter(FrameKind::kControlData, 0), decode_control_data);
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
