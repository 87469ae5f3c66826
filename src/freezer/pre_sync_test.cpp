#include "freezer/pre_sync.hpp"

#include <errno.h>
#include <gtest/gtest.h>

#include "freezer/fake_disk.hpp"
#include "platform/clock.hpp"

namespace vss::freezer {
namespace {

using base::milliseconds;
using base::seconds;
using State = PreSync::State;

constexpr std::uint64_t kMB = FakeDisk::kMB;

class PreSyncTest : public ::testing::Test {
 protected:
  // Descriptors are places, and never touched: FakeDisk syncs nothing.
  void begin(std::size_t to_freeze, std::size_t only_synced = 0) {
    PreSync::Work work{.descriptors = {}, .to_freeze = to_freeze, .policy = policy};
    for (std::size_t i = 0; i < to_freeze + only_synced; ++i)
      work.descriptors.push_back(static_cast<int>(i));
    began = platform::now();
    sync.emplace(std::move(work), FakeDisk::kernel(), began, began + within);
  }
  // False: it still runs after 3 s.
  bool ends() {
    const base::Instant limit = platform::now() + seconds{3};
    do {
      auto state = sync->go_on(platform::now());
      if (!state) problem = state.error().message;
      if (!state || *state == State::kDone) return true;
      platform::sleep_for(milliseconds{1});
    } while (platform::now() < limit);
    return false;
  }

  FakeDisk disk;
  plan::FlushPolicy policy;
  base::Duration within = seconds{60};
  base::Instant began;
  std::optional<PreSync> sync;
  std::string problem;
};

TEST_F(PreSyncTest, LittleDirtyDataCostsNothing) {
  disk->pending = kMB;
  begin(3);
  EXPECT_EQ(*sync->go_on(platform::now()), State::kDone);
  EXPECT_EQ(disk->syncs, 0);
  EXPECT_EQ(sync->report().rounds, 0U);
  EXPECT_EQ(sync->report().pending, kMB);
}

TEST_F(PreSyncTest, MuchIsFlushedSideBySideAndMeasured) {
  disk->pending = 600 * kMB;
  disk->writes = 100 * kMB;
  disk->await = 6;
  begin(6);
  ASSERT_TRUE(ends());
  EXPECT_EQ(disk->syncs, 6);
  const wire::FlushReport report = sync->report();
  EXPECT_EQ(report.rounds, 1U);
  EXPECT_EQ(report.pending, 600 * kMB);
  EXPECT_EQ(report.written, 600 * kMB);
  EXPECT_EQ(report.left, 0U);
  EXPECT_GT(report.rate, 0U);
  EXPECT_GT(report.took, 0U);
  EXPECT_TRUE(sync->forecast().measured);
}

TEST_F(PreSyncTest, MoreFilesystemsThanProcessesAreAllSynced) {
  policy.always = true;
  begin(2 * SyncRound::kProcessesMax + 1);
  ASSERT_TRUE(ends());
  EXPECT_EQ(disk->syncs, 2 * static_cast<int>(SyncRound::kProcessesMax) + 1);
}

TEST_F(PreSyncTest, OneRoundIsMadeWhereItIsOwedOrNobodyCounts) {
  policy.always = true;
  begin(2);
  ASSERT_TRUE(ends());
  EXPECT_EQ(disk->syncs, 2);
  policy.always = false;
  FakeDisk::tells = false;
  begin(2);
  ASSERT_TRUE(ends());
  EXPECT_EQ(disk->syncs, 4);
}

TEST_F(PreSyncTest, WhatIsOnlySyncedIsSyncedInAnyCase) {
  begin(2, 1);
  ASSERT_TRUE(ends());
  EXPECT_EQ(disk->syncs, 1);
  EXPECT_EQ(sync->report().rounds, 0U);
}

TEST_F(PreSyncTest, ARoundIsGivenUpAtHalfOfTheTime) {
  disk->pending = 600 * kMB;
  disk->hold = true;
  within = milliseconds{600};
  begin(2);
  ASSERT_TRUE(ends());
  EXPECT_TRUE(problem.empty()) << problem;
  const base::Duration took = platform::now() - began;
  EXPECT_GE(took, milliseconds{300});
  EXPECT_LT(took, milliseconds{550});
  EXPECT_EQ(sync->report().given_up, 1U);
  EXPECT_FALSE(sync->failure());
}

TEST_F(PreSyncTest, WhatIsOnlySyncedIsNotGivenUp) {
  disk->hold = true;
  within = milliseconds{200};
  begin(1, 1);
  const base::Instant until = platform::now() + milliseconds{400};
  while (platform::now() < until)
    ASSERT_EQ(*sync->go_on(platform::now()), State::kRunning);
  EXPECT_EQ(sync->waits_for(), 1U);
  for (int i = 0; i < 1000 && !sync->stop(); ++i)
    platform::sleep_for(milliseconds{1});
  EXPECT_TRUE(sync->stop());
}

TEST_F(PreSyncTest, WhatIsOnlySyncedDoesNotWaitForWhatIsGivenUp) {
  disk->pending = 600 * kMB;
  disk->holds = 0;
  within = milliseconds{600};
  begin(2 * SyncRound::kProcessesMax, 1);
  ASSERT_TRUE(ends());
  EXPECT_TRUE(problem.empty()) << problem;
  EXPECT_LT(platform::now() - began, within);
  EXPECT_EQ(sync->report().given_up, 1U);
}

TEST_F(PreSyncTest, WhereEachIsToAnswerNothingIsGivenUp) {
  policy.always = true;
  disk->holds = 0;
  within = milliseconds{200};
  begin(SyncRound::kProcessesMax + 1);  // the last waits behind the first
  const base::Instant until = platform::now() + milliseconds{400};
  while (platform::now() < until)
    ASSERT_EQ(*sync->go_on(platform::now()), State::kRunning);
  EXPECT_EQ(sync->waits_for(), 0U);
  disk->holds = -1;
  ASSERT_TRUE(ends());
  EXPECT_TRUE(problem.empty()) << problem;
  EXPECT_EQ(disk->syncs, static_cast<int>(SyncRound::kProcessesMax) + 1);
}

TEST_F(PreSyncTest, WhoIsStillAtWorkIsNamedNotWhoDied) {
  policy.always = true;
  disk->dies = 0;
  disk->holds = 2;
  begin(3);
  const base::Instant until = platform::now() + milliseconds{200};
  while (platform::now() < until)
    ASSERT_EQ(*sync->go_on(platform::now()), State::kRunning);
  EXPECT_EQ(sync->waits_for(), 2U);
}

TEST_F(PreSyncTest, ABudgetThatNobodyCanCountForIsRefused) {
  policy.stall_budget = seconds{2};
  FakeDisk::tells = false;
  begin(2);
  ASSERT_TRUE(ends());
  EXPECT_NE(problem.find("stall_budget"), std::string::npos) << problem;
  EXPECT_EQ(disk->syncs, 0);
}

TEST_F(PreSyncTest, AnErrorIsTold) {
  policy.always = true;
  disk->error = EIO;
  begin(2);
  ASSERT_TRUE(ends());
  ASSERT_TRUE(sync->failure());
  EXPECT_EQ(sync->failure()->filesystem, 0U);
  EXPECT_EQ(sync->failure()->error, EIO);
}

TEST_F(PreSyncTest, AProcessThatDiesIsAProblem) {
  policy.always = true;
  disk->die = true;
  begin(2);
  ASSERT_TRUE(ends());
  EXPECT_NE(problem.find("died"), std::string::npos) << problem;
}

}  // namespace
}  // namespace vss::freezer
