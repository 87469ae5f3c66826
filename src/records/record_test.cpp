#include "records/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vss::records {
namespace {

using base::Instant;
using base::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Instant kBegan{1'000'000'000};

coordinator::Record coordinators_record() {
  coordinator::Record record(4);
  record.id = {(1ULL << base::kTransactionCounterBits) | 7};
  record.requester = "vssctl";
  record.sentence = "all held";
  record.began = kBegan;
  record.hold_began = kBegan + milliseconds(20);
  record.ended = kBegan + milliseconds(100);
  record.phases.push_back(
      {coordinator::Phase::kPrepare, kBegan + milliseconds(1), milliseconds(9)});
  coordinator::WriterEntry writer;
  writer.name = "bank";
  writer.level = 50;
  writer.criticality = coordinator::Criticality::kOptional;
  writer.freeze = milliseconds(4);
  record.writers.push_back(writer);
  return record;
}

wire::MountDetail detail(std::uint32_t mount_id, std::string_view mount_point) {
  wire::MountDetail detail;
  detail.mount_id = mount_id;
  detail.device_major = 7;
  detail.mount_point = mount_point;
  detail.action = wire::MountAction::kFreeze;
  return detail;
}

TEST(MakeRecord, TakesOverWhatTheCoordinatorKnows) {
  const auto record = make_record(coordinators_record(), {}, {});
  EXPECT_EQ(record.id.value & 0xff, 7U);
  EXPECT_EQ(record.sentence, "all held");
  EXPECT_EQ(record.hold_began, Offset(milliseconds(20)));
  EXPECT_FALSE(record.hold_deadline);
  ASSERT_EQ(record.phases.size(), 1U);
  EXPECT_EQ(record.phases[0].began, milliseconds(1));
  ASSERT_EQ(record.writers.size(), 1U);
  EXPECT_EQ(record.writers[0].name, "bank");
  EXPECT_FALSE(record.writers[0].required);
  EXPECT_EQ(record.writers[0].freeze, milliseconds(4));
}

TEST(MakeRecord, LaterNewsOfAMountReplacesEarlierAndKeepsItsTimes) {
  auto frozen = detail(11, "/a");
  frozen.result = wire::MountResult::kFrozen;
  frozen.began = kBegan + milliseconds(30);
  frozen.freeze_time = milliseconds(5);
  auto thawed = detail(11, "/a");
  thawed.result = wire::MountResult::kThawed;
  thawed.thaw_time = milliseconds(3);
  const std::vector<wire::MountDetail> details{frozen, detail(12, "/b"), thawed};
  const auto record = make_record(coordinators_record(), details, {});
  ASSERT_EQ(record.filesystems.size(), 2U);
  const auto& part = record.filesystems[0];
  EXPECT_EQ(part.mount_point, "/a");
  EXPECT_EQ(part.device, "7:0");
  EXPECT_EQ(part.result, wire::MountResult::kThawed);
  EXPECT_EQ(part.began, Offset(milliseconds(30)));
  EXPECT_EQ(part.freeze_time, milliseconds(5));
  EXPECT_EQ(part.thaw_time, milliseconds(3));
}

TEST(MakeRecord, NamesACommandThatBlocksAndItsRemedy) {
  RecordContext context{.began_wall = 5,
                        .note = "btrfs subvolume snapshot /d /d/s",
                        .paths = {},
                        .warnings = {"first"},
                        .host = {}};
  auto from = coordinators_record();
  EXPECT_THAT(make_record(from, {}, context).warnings,
              ElementsAre("first", HasSubstr("--filesystems none")));
  from.selection = coordinator::Selection::kNone;
  EXPECT_THAT(make_record(from, {}, context).warnings, ElementsAre("first"));
}

TEST(SummaryOf, HoldLastsToTheEnd) {
  const auto summary = summary_of(make_record(coordinators_record(), {}, {}));
  EXPECT_EQ(summary.length, milliseconds(100));
  EXPECT_EQ(summary.hold, milliseconds(80));
}

}  // namespace
}  // namespace vss::records
