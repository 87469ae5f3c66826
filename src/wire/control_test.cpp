#include "wire/control.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "wire/packet_for_test.hpp"

namespace vss::wire {
namespace {

using namespace std::chrono_literals;

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
  EXPECT_FALSE(got->all_thawed);
  EXPECT_EQ(got->hold_budget, 9s);
  EXPECT_EQ(got->note, sent->note);
}

TEST(ControlRequest, CarriesTheWordThatAllIsThawed) {
  auto sent = std::make_unique<ControlRequest>();
  sent->command = ControlCommand::kAbort;
  sent->all_thawed = true;
  const Packet packet(make_frame(*sent, 8));
  const auto got = decode_control_request(packet.view);
  ASSERT_TRUE(got.has_value());
  EXPECT_TRUE(got->all_thawed);
  EXPECT_FALSE(got->require_given);
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

}  // namespace
}  // namespace vss::wire
