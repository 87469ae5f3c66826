#include "wire/filesystems.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "wire/packet_for_test.hpp"
#include "wire/participant.hpp"

namespace vss::wire {
namespace {

using namespace std::chrono_literals;

TEST(FilesystemRequest, TravelsWithAnEvent) {
  Event event;
  event.operation = Operation::kPrepare;
  event.message_id = 5;
  auto request = std::make_unique<FilesystemRequest>();
  request->selection = Selection::kPaths;
  request->paths.push_back("/a");
  request->paths.push_back("/b\xff");
  request->exclude.push_back("/mnt/*");
  request->unfreezable = UnfreezablePolicy::kFail;
  request->require = Grade::kApplication;
  request->pre_sync = PreSync::kAlways;
  request->stall_budget = 2s;
  const Packet packet(make_frame(event, *request));
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
  EXPECT_EQ(got->pre_sync, PreSync::kAlways);
  EXPECT_EQ(got->stall_budget, 2s);
}

// A vssd of before these fields sends none.
TEST(FilesystemRequest, WithoutPreSyncAndStallBudgetHasTheDefaults) {
  FrameWriter frame(FrameKind::kPlan, 0);
  const auto got = decode_filesystem_request(Packet(frame).view);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->pre_sync, PreSync::kAuto);
  EXPECT_EQ(got->stall_budget, 0s);
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
  expect_bad(plan().add_u32(FieldType::kPreSync, 2), decode_filesystem_request);
  expect_bad(plan().add_u64(FieldType::kStallBudget, ~0ULL), decode_filesystem_request);
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
  sent.flush = FlushReport{.rounds = 2,
                           .given_up = 1,
                           .pending = 3,
                           .written = 4,
                           .left = 5,
                           .rate = 6,
                           .took = 7,
                           .predicted_stall = 8};
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
  EXPECT_EQ(got->flush, sent.flush);
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
  expect_bad(with([](auto& d) { d.flush = FlushReport{.given_up = 2}; }), decode_mount_detail);
  expect_bad(with([](auto& d) { d.flush = FlushReport{.took = ~0ULL}; }), decode_mount_detail);
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

}  // namespace
}  // namespace vss::wire
