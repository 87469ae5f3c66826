#include "freezer/thaw_routine.hpp"

#include <thread>

#include "platform/clock.hpp"

#include "freezer/slot_fixture.hpp"

namespace vss::freezer {
namespace {

using ThawRoutine = SlotTest;

TEST_F(ThawRoutine, OneFreezeGetsExactlyOneThaw) {
  begin(1);
  freeze_once(table[0], fd(0), kernel);
  EXPECT_EQ(state(0).state, State::kFrozen);
  EXPECT_EQ(try_thaw(table[0], fd(0), kernel, Thawer::kFreezer), ThawProgress::kClosed);
  EXPECT_EQ(try_thaw(table[0], fd(0), kernel, Thawer::kGuardian), ThawProgress::kClosed);
  EXPECT_EQ(kernel[0].thaw_calls, 1);
  EXPECT_EQ(state(0), SlotState::closed(Outcome::kThawed, Thawer::kFreezer));
}

TEST_F(ThawRoutine, ManyThawersIssueOneFithaw) {
  for (int round = 0; round < 200; ++round) {
    begin(1);
    freeze_once(table[0], fd(0), kernel);
    std::vector<std::thread> thawers;
    for (int i = 0; i < 4; ++i) {
      thawers.emplace_back([&] { thaw_until_closed(table, 0, fd(0), kernel, Thawer::kFreezer); });
    }
    for (std::thread& thawer : thawers)
      thawer.join();
    ASSERT_EQ(kernel[0].thaw_calls, round + 1);
  }
}

TEST_F(ThawRoutine, RefusedFreezeIsNeverThawed) {
  begin(1);
  kernel[0].frozen = true;  // by somebody else
  freeze_once(table[0], fd(0), kernel);
  EXPECT_EQ(state(0), SlotState::closed(Outcome::kRefused, Thawer::kNobody, EBUSY));
  EXPECT_EQ(try_thaw(table[0], fd(0), kernel, Thawer::kFreezer), ThawProgress::kClosed);
  EXPECT_EQ(kernel[0].thaw_calls, 0);
  EXPECT_TRUE(kernel[0].frozen);
}

TEST_F(ThawRoutine, ForeignThawIsFound) {
  begin(1);
  freeze_once(table[0], fd(0), kernel);
  kernel[0].frozen = false;
  EXPECT_EQ(try_thaw(table[0], fd(0), kernel, Thawer::kFreezer), ThawProgress::kClosed);
  EXPECT_EQ(state(0).outcome, Outcome::kFoundThawed);
}

TEST_F(ThawRoutine, ThawedBeforeItsFreezeBeginsForbidsTheFreeze) {
  begin(1);
  EXPECT_EQ(try_thaw(table[0], fd(0), kernel, Thawer::kGuardian), ThawProgress::kClosed);
  freeze_once(table[0], fd(0), kernel);
  EXPECT_EQ(kernel[0].freezes, 0);
  EXPECT_EQ(kernel[0].thaw_calls, 0);
}

TEST_F(ThawRoutine, IssuesNoFithawWhileTheFreezeIsInFlight) {
  begin(1);
  kernel[0].hold_freeze = true;
  std::thread freezer([&] { freeze_once(table[0], fd(0), kernel); });
  ASSERT_TRUE(eventually([&] { return kernel[0].in_freeze.load(); }));
  EXPECT_EQ(try_thaw(table[0], fd(0), kernel, Thawer::kGuardian), ThawProgress::kWaiting);
  EXPECT_EQ(kernel[0].thaw_calls, 0);
  std::thread thawer([&] { thaw_until_closed(table, 0, fd(0), kernel, Thawer::kGuardian); });
  kernel[0].hold_freeze = false;
  freezer.join();
  thawer.join();
  EXPECT_FALSE(kernel[0].frozen);
  EXPECT_EQ(kernel[0].thaw_calls, 1);
  EXPECT_EQ(state(0), SlotState::closed(Outcome::kThawed, Thawer::kGuardian));
}

TEST_F(ThawRoutine, FreezerKilledBetweenNoteAndFreezeLeavesNothing) {
  begin(1);
  kernel[0].freeze_fault = Fault::kDieBefore;
  in_child([&] { freeze_once(table[0], fd(0), kernel); });
  EXPECT_EQ(state(0).state, State::kIntent);
  thaw_until_closed(table, 0, fd(0), kernel, Thawer::kGuardian);
  EXPECT_EQ(state(0), SlotState::closed(Outcome::kNeverFrozen, Thawer::kGuardian));
}

TEST_F(ThawRoutine, FreezerKilledBetweenFreezeAndNoteIsThawed) {
  begin(1);
  kernel[0].freeze_fault = Fault::kDieAfter;
  in_child([&] { freeze_once(table[0], fd(0), kernel); });
  EXPECT_EQ(state(0).state, State::kIntent);
  EXPECT_TRUE(kernel[0].frozen);
  thaw_until_closed(table, 0, fd(0), kernel, Thawer::kRecovery);
  EXPECT_FALSE(kernel[0].frozen);
  EXPECT_EQ(state(0), SlotState::closed(Outcome::kOwnerUnknown, Thawer::kRecovery));
}

TEST_F(ThawRoutine, ThawerKilledBetweenClaimAndThawIsReplaced) {
  begin(1);
  freeze_once(table[0], fd(0), kernel);
  kernel[0].thaw_fault = Fault::kDieBefore;
  in_child([&] { try_thaw(table[0], fd(0), kernel, Thawer::kFreezer); });
  kernel[0].thaw_fault = Fault::kNone;
  EXPECT_EQ(state(0).state, State::kThawing);
  thaw_until_closed(table, 0, fd(0), kernel, Thawer::kGuardian);
  EXPECT_FALSE(kernel[0].frozen);
  EXPECT_EQ(state(0), SlotState::closed(Outcome::kOwnerUnknown, Thawer::kGuardian));
}

TEST_F(ThawRoutine, ThawerKilledBetweenThawAndNoteIsReplaced) {
  begin(1);
  freeze_once(table[0], fd(0), kernel);
  kernel[0].thaw_fault = Fault::kDieAfter;
  in_child([&] { try_thaw(table[0], fd(0), kernel, Thawer::kFreezer); });
  kernel[0].thaw_fault = Fault::kNone;
  thaw_until_closed(table, 0, fd(0), kernel, Thawer::kGuardian);
  EXPECT_EQ(state(0), SlotState::closed(Outcome::kThawed, Thawer::kGuardian));
  EXPECT_EQ(kernel[0].thaws, 1);
}

TEST_F(ThawRoutine, SecondThawerDiesToo) {
  begin(1);
  freeze_once(table[0], fd(0), kernel);
  kernel[0].thaw_fault = Fault::kDieBefore;
  for (int i = 0; i < 3; ++i) {
    in_child([&] { try_thaw(table[0], fd(0), kernel, Thawer::kFreezer); });
  }
  kernel[0].thaw_fault = Fault::kNone;
  thaw_until_closed(table, 0, fd(0), kernel, Thawer::kRecovery);
  EXPECT_FALSE(kernel[0].frozen);
}

TEST_F(ThawRoutine, ClaimOfALiveThreadIsRespected) {
  begin(1);
  freeze_once(table[0], fd(0), kernel);
  kernel[0].hold_thaw = true;
  std::thread first([&] { thaw_until_closed(table, 0, fd(0), kernel, Thawer::kFreezer); });
  ASSERT_TRUE(eventually([&] { return kernel[0].in_thaw.load(); }));
  EXPECT_EQ(try_thaw(table[0], fd(0), kernel, Thawer::kGuardian), ThawProgress::kWaiting);
  kernel[0].hold_thaw = false;
  first.join();
  EXPECT_EQ(kernel[0].thaw_calls, 1);
}

TEST_F(ThawRoutine, RepeatsAfterAnErrorAndKeepsItsClaim) {
  begin(1);
  freeze_once(table[0], fd(0), kernel);
  kernel[0].refuse_thaw = EIO;
  EXPECT_EQ(try_thaw(table[0], fd(0), kernel, Thawer::kFreezer), ThawProgress::kFailed);
  EXPECT_EQ(table[0].thaw_error, EIO);
  EXPECT_EQ(state(0).state, State::kThawing);
  kernel[0].refuse_thaw = 0;
  EXPECT_EQ(try_thaw(table[0], fd(0), kernel, Thawer::kFreezer), ThawProgress::kClosed);
  EXPECT_EQ(state(0), SlotState::closed(Outcome::kThawed, Thawer::kFreezer));
}

TEST_F(ThawRoutine, GoesOnAfterPatienceWithAHungBacking) {
  begin(2);
  table[0].lies_on = {0b10};
  freeze_once(table[0], fd(0), kernel);
  freeze_once(table[1], fd(1), kernel);
  const base::Instant began = platform::now();
  thaw_until_closed(table, 0, fd(0), kernel, Thawer::kFreezer);  // slot 1 stays frozen
  EXPECT_GE(platform::now() - began, kBackingPatience);
  EXPECT_FALSE(kernel[0].frozen);
  EXPECT_TRUE(kernel[1].frozen);
}

TEST(SlotState, EveryValueSurvivesPacking) {
  const ThreadIdentity thread{4194303, 4194302, 65535};
  for (const SlotState& value :
       {SlotState{}, SlotState::frozen(), SlotState::held_by(State::kIntent, thread),
        SlotState::held_by(State::kThawing, {1, 2, 3}),
        SlotState::held_by(State::kThawingUnknown, thread),
        SlotState::closed(Outcome::kOwnerUnknown, Thawer::kRecovery, 4095)}) {
    EXPECT_EQ(unpack(pack(value)), value);
  }
  EXPECT_EQ(pack({}), 0U);
}

}  // namespace
}  // namespace vss::freezer
