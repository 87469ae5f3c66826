// The freezer and its guardian: no transaction without them, and none before they report clean.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::seconds;

FreezerStanding standing(bool clean, bool guardian, TransactionId last = {}) {
  return {.clean = clean, .guardian_alive = guardian, .last_thawed = last, .reason = "/srv"};
}

TEST(Freezer, WithoutOneAFreezeIsRefusedAndRecorded) {
  EventStory story;
  story.writer("writer");
  EXPECT_FALSE(story.coordinator.not_ready().empty());
  story.freeze();
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "no freezer is connected, so no filesystem can be frozen: start vss-freezer, or ask "
            "for --filesystems none");
  EXPECT_EQ(story.all_of<KeepRecord>().size(), 1U);
  EXPECT_EQ(story.record().result, Result::kRefused);
  EXPECT_TRUE(story.all_of<WriteNote>().empty());
}

TEST(StandingVeto, RefusesWhateverIsAskedForAndEndsNothing) {
  Policy policy = default_policy();
  policy.standing_veto = "the configuration is wrong: line 3";
  EventStory story(policy);
  story.freezer();
  story.writer("writer");
  EXPECT_EQ(story.coordinator.not_ready().view(), "the configuration is wrong: line 3");
  story.freeze();
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->reason.view(), "the configuration is wrong: line 3");
  story.check();
  EXPECT_FALSE(story.answer_to(2)->success);
  SnapshotOptions none;
  none.selection = Selection::kNone;
  story.freeze(none);
  EXPECT_FALSE(story.answer_to(3)->success);
  EXPECT_EQ(story.record().result, Result::kRefused);
  EXPECT_TRUE(story.all_of<Tell>().empty());
  story.abort();
  EXPECT_TRUE(story.answer_to(4)->success) << "nothing is frozen, and `vssctl thaw` says so";
}

TEST(Freezer, WithoutALiveGuardianNothingIsFrozen) {
  EventStory story;
  story.freezer(standing(true, false));
  story.freeze();
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "no guardian is alive, and without one nothing is frozen: start vss-guardian");
  story.check();
  EXPECT_FALSE(story.answer_to(2)->success);
}

TEST(Freezer, ThatIsNotCleanKeepsEverythingWaiting) {
  EventStory story;
  story.writer("writer");
  const auto freezer = story.freezer(standing(false, true));
  EXPECT_EQ(story.coordinator.not_ready().view(), "the freezer is not clean: /srv");
  story.freeze();
  EXPECT_FALSE(story.answer_to(1)->success);
  SnapshotOptions none;
  none.selection = Selection::kNone;
  story.freeze(none);
  EXPECT_FALSE(story.answer_to(2)->success) << "nor does one start that needs no freezer";
  story.happens(FreezerStatus{freezer, standing(true, true)});
  EXPECT_TRUE(story.coordinator.not_ready().empty());
  story.freeze();
  EXPECT_EQ(story.phase(), Phase::kPrepare);
}

// A host asks for the next as soon as it hears of the end.
TEST(Freezer, ThatEndsCleanIsReadyAtOnce) {
  EventStory story;
  const auto freezer = story.freezer();
  story.freeze();
  story.all_say_yes(1, Phase::kHeld);
  story.happens(FreezerStatus{freezer, standing(false, true)});
  story.thaw();
  Answered answered{.id = freezer,
                    .message_id = story.told.at(freezer).message_id,
                    .operation_raw = operation_raw(kThaw),
                    .success = true,
                    .reason = {},
                    .filesystems = {}};
  answered.freezer_clean = true;
  story.happens(answered);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.coordinator.not_ready().view(), "");
  story.freeze();
  EXPECT_EQ(story.phase(), Phase::kPrepare);
}

TEST(Freezer, ASecondOneIsRefused) {
  EventStory story;
  story.freezer();
  EXPECT_EQ(story.freezer(), ParticipantId{});
  EXPECT_EQ(story.last_of<RefuseParticipant>()[0].reason.view(),
            "another freezer is connected; there can be only one");
}

TEST(Freezer, IsRefusedInWordsWhileADaemonOfThePlainInterfaceIsThere) {
  EventStory story;
  story.plain_freezer();
  EXPECT_EQ(story.freezer(), ParticipantId{});
  EXPECT_EQ(story.last_of<RefuseParticipant>()[0].reason.view(),
            "a daemon has the filesystems' device (hv_fsvss_dev) open, and there can be only one "
            "freezer: stop one of the two");
}

TEST(FreezerLost, BeforeAnyFreezeReleasesTheWritersAtOnce) {
  EventStory story;
  const auto holding = story.writer_at("holding", 50);
  const auto next = story.writer_at("next", 100);
  const auto lost = story.freezer();
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  story.yes(holding);
  story.leaves(lost);
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.asked(next), kAbort);
}

struct FreezerInTransaction : testing::Test {
  EventStory story;
  ParticipantId writer = story.writer("writer");
  ParticipantId freezer = story.freezer();

  void reach(Phase phase) {
    story.freeze();
    story.all_say_yes(2, phase);
    ASSERT_EQ(story.phase(), phase);
  }
  void lose_it() {
    story.leaves(freezer);
    std::erase(story.unanswered, freezer);
  }
};

TEST_F(FreezerInTransaction, LostWhileFreezingKeepsTheWritersUntilTheMark) {
  reach(Phase::kFreezeFilesystems);
  lose_it();
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "the freezer was lost in phase 'freeze filesystems' (closed); see its log");
  EXPECT_FALSE(story.asked(writer));
  story.happens(ThawedMark{kFirstTransaction});
  EXPECT_EQ(story.asked(writer), kAbort);
}

TEST_F(FreezerInTransaction, APlainOneThatComesAndGoesDoesNotSpeakForTheOneThatWasLost) {
  reach(Phase::kHeld);
  lose_it();
  story.leaves(story.plain_freezer());
  EXPECT_FALSE(story.asked(writer)) << "released, with the filesystems frozen";
  story.happens(ThawedMark{kFirstTransaction});
  EXPECT_EQ(story.asked(writer), kThaw);
}

TEST_F(FreezerInTransaction, ACleanSuccessorSpeaksForTheOneThatWasLost) {
  reach(Phase::kHeld);
  lose_it();
  story.freezer(standing(true, true));
  EXPECT_EQ(story.asked(writer), kThaw);
}

TEST_F(FreezerInTransaction, ADirtySuccessorDoesNotUntilItReportsClean) {
  reach(Phase::kHeld);
  lose_it();
  const auto successor = story.freezer(standing(false, true));
  EXPECT_FALSE(story.asked(writer));
  story.happens(FreezerStatus{successor, standing(true, true, kFirstTransaction)});
  EXPECT_EQ(story.asked(writer), kThaw);
}

TEST_F(FreezerInTransaction, LostDuringTheThawIsAFailure) {
  reach(Phase::kHeld);
  story.thaw();
  lose_it();
  story.happens(ThawedMark{kFirstTransaction});
  story.all_say_yes(2);
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.record().result, Result::kTorn);
}

TEST_F(FreezerInTransaction, LostAfterItConfirmedTheThawIsNone) {
  reach(Phase::kHeld);
  story.thaw();
  story.yes(freezer, counts_of(2));
  lose_it();
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(2)->success);
}

TEST_F(FreezerInTransaction, LostWithoutAMarkBlocksUntilASuccessorIsClean) {
  reach(Phase::kHeld);
  lose_it();
  story.pass(seconds{64});
  story.yes(writer);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_TRUE(story.record().released_without_freezer);
  EXPECT_EQ(story.coordinator.not_ready().view(),
            "the freezer is gone after transaction 3e8-1 and nobody has confirmed the thaw: start "
            "vss-freezer, or run vss-freezer --thaw");
  EXPECT_TRUE(story.all_of<LeaveFreezeWindow>().empty());
  story.freezer(standing(true, true));
  EXPECT_EQ(story.all_of<LeaveFreezeWindow>().size(), 1U);
  EXPECT_TRUE(story.coordinator.not_ready().empty());
}

TEST_F(FreezerInTransaction, AMarkAfterTheEndSettlesIt) {
  reach(Phase::kHeld);
  lose_it();
  story.pass(seconds{64});
  story.yes(writer);
  story.happens(ThawedMark{kFirstTransaction});
  EXPECT_EQ(story.last_of<LeaveFreezeWindow>().size(), 1U);
}

TEST_F(FreezerInTransaction, AStatusSentBeforeTheThawWasReadIsNotTakenForItsConfirmation) {
  reach(Phase::kHeld);
  story.thaw();
  story.happens(FreezerStatus{freezer, standing(true, true)});
  EXPECT_FALSE(story.asked(writer));
  story.happens(FreezerStatus{freezer, standing(true, true, kFirstTransaction)});
  EXPECT_EQ(story.asked(writer), kThaw);
}

TEST_F(FreezerInTransaction, GuardianLostBeforeTheHoldAborts) {
  for (const Phase phase : {Phase::kPrepare, Phase::kFreezeWriters, Phase::kFreezeFilesystems}) {
    EventStory fresh;
    fresh.writer("writer");
    const auto its_freezer = fresh.freezer();
    fresh.freeze();
    fresh.all_say_yes(2, phase);
    fresh.happens(FreezerStatus{its_freezer, standing(false, false)});
    EXPECT_FALSE(fresh.answer_to(1)->success);
    fresh.all_say_yes(2);
    EXPECT_EQ(fresh.phase(), Phase::kIdle);
  }
}

TEST_F(FreezerInTransaction, UncleanWhileArmedIsNoReasonToAbort) {
  reach(Phase::kFreezeFilesystems);
  story.happens(FreezerStatus{freezer, standing(false, true)});
  EXPECT_EQ(story.phase(), Phase::kFreezeFilesystems);
}

TEST_F(FreezerInTransaction, TheNextTransactionWaitsUntilItReportsCleanAfterTheThaw) {
  reach(Phase::kFreezeFilesystems);
  story.happens(FreezerStatus{freezer, standing(false, true)});
  story.all_say_yes(2, Phase::kHeld);
  story.thaw();
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(2)->success);
  story.freeze();
  EXPECT_FALSE(story.answer_to(3)->success) << "the guardian is still armed";
  story.happens(FreezerStatus{freezer, standing(true, true, kFirstTransaction)});
  story.freeze();
  EXPECT_EQ(story.phase(), Phase::kPrepare);
}

TEST_F(FreezerInTransaction, MarksOfOtherTransactionsAreIgnored) {
  reach(Phase::kHeld);
  story.happens(ThawedMark{TransactionId{1}});
  EXPECT_EQ(story.phase(), Phase::kHeld);
  story.happens(FreezerStatus{freezer, standing(false, true, TransactionId{1})});
  EXPECT_EQ(story.phase(), Phase::kHeld);
}

}  // namespace
}  // namespace vss::coordinator
