#include "coordinator/grading.hpp"

#include <gtest/gtest.h>

namespace vss::coordinator {
namespace {

Holding all_held() {
  Holding holding;
  holding.writers_held = 1;
  holding.counts.to_freeze = holding.counts.frozen = 2;
  return holding;
}

TEST(Grading, EverythingHeldIsApplication) {
  EXPECT_EQ(grade_of(all_held()), Grade::kApplication);
  EXPECT_TRUE(judge(all_held(), Grade::kApplication).enough());
}

TEST(Grading, WithoutWritersItIsFilesystem) {
  Holding holding = all_held();
  holding.writers_held = 0;
  EXPECT_EQ(grade_of(holding), Grade::kFilesystem);
  EXPECT_TRUE(judge(holding, Grade::kFilesystem).enough());
  EXPECT_EQ(judge(holding, Grade::kApplication).shortfall, Shortfall::kGradeTooLow);
}

TEST(Grading, AnExpectedWriterThatDoesNotHoldLowersItToFilesystem) {
  Holding holding = all_held();
  holding.every_expected_held = false;
  EXPECT_EQ(grade_of(holding), Grade::kFilesystem);
}

TEST(Grading, OneFilesystemInScopeThatIsNotFrozenMakesItCrash) {
  Holding holding = all_held();
  holding.counts.lower_grade = 1;
  EXPECT_EQ(grade_of(holding), Grade::kCrash);
  EXPECT_TRUE(judge(holding, Grade::kCrash).enough());
  EXPECT_EQ(judge(holding, Grade::kFilesystem).shortfall, Shortfall::kGradeTooLow);
}

TEST(Grading, WhatIsExcludedOrSyncedOutOfScopeDoesNotLowerIt) {
  Holding holding = all_held();
  holding.counts.excluded = 5;
  holding.counts.synced = 1;
  EXPECT_EQ(grade_of(holding), Grade::kApplication);
}

TEST(Grading, NoneSelectedIsApplicationOrCrash) {
  Holding holding = all_held();
  holding.filesystems_in_scope = false;
  holding.counts = {};
  EXPECT_EQ(grade_of(holding), Grade::kApplication);
  holding.every_expected_held = false;
  EXPECT_EQ(grade_of(holding), Grade::kCrash);
}

TEST(Grading, APlainFreezersWordIsTaken) {
  Holding holding = all_held();
  holding.counts = {};
  holding.counts_known = false;
  holding.writers_held = 0;
  EXPECT_EQ(grade_of(holding), Grade::kFilesystem);
  EXPECT_TRUE(judge(holding, Grade::kFilesystem).enough());
}

TEST(Judging, AnEmptyPlanIsEnoughOnlyWithAWriter) {
  Holding holding = all_held();
  holding.counts = {};
  EXPECT_TRUE(judge(holding, Grade::kApplication).enough());
  holding.writers_held = 0;
  EXPECT_EQ(judge(holding, Grade::kCrash).shortfall, Shortfall::kNothingHeld);
}

TEST(Judging, NoGradeExcusesWhatBreaksPromiseOne) {
  const auto shortfall = [](auto change) {
    Holding holding = all_held();
    change(holding);
    return judge(holding, Grade::kCrash).shortfall;
  };
  EXPECT_EQ(shortfall([](Holding& h) { h.every_required_held = false; }),
            Shortfall::kRequiredMissing);
  EXPECT_EQ(shortfall([](Holding& h) { h.counts.frozen = 1; }), Shortfall::kNotAllFrozen);
  EXPECT_EQ(shortfall([](Holding& h) { h.counts.frozen = 3; }), Shortfall::kNotAllFrozen);
  EXPECT_EQ(shortfall([](Holding& h) { h.counts.in_flight = 1; }), Shortfall::kNotAllFrozen);
  EXPECT_EQ(shortfall([](Holding& h) { h.counts.plan_changed = true; }), Shortfall::kPlanChanged);
  EXPECT_EQ(shortfall([](Holding& h) { h.counts.thawed_by_others = 1; }),
            Shortfall::kThawedByOthers);
  EXPECT_EQ(shortfall([](Holding& h) { h.counts.thawed_by_guardian = 1; }),
            Shortfall::kThawedByOthers);
}

}  // namespace
}  // namespace vss::coordinator
