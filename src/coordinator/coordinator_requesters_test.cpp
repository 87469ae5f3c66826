// Requesters: one answer for each request, one transaction at a time, and whose THAW means what.
#include <gtest/gtest.h>

#include <functional>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::seconds;

struct Requesters : testing::Test {
  EventStory story;
  ParticipantId writer = story.writer("writer");
  ParticipantId freezer = story.freezer();

  void other_asks(bool check) {
    if (check) {
      story.happens(CheckRequested{kOther, RequesterKind::kLocal, "vssctl", 77, {}});
    } else {
      story.happens(FreezeRequested{kOther, RequesterKind::kLocal, "vssctl", 77, {}});
    }
  }
};

TEST_F(Requesters, ASecondRequestIsRefusedAtOnceWithTheOwnerNamed) {
  for (const Phase phase :
       {Phase::kPrepare, Phase::kFreezeWriters, Phase::kFreezeFilesystems, Phase::kHeld}) {
    for (const bool check : {true, false}) {
      EventStory fresh;
      fresh.writer("writer");
      fresh.freezer();
      fresh.freeze();
      fresh.all_say_yes(2, phase);
      const auto asked = fresh.unanswered;
      if (check) {
        fresh.happens(CheckRequested{kOther, RequesterKind::kLocal, "vssctl", 77, {}});
      } else {
        fresh.happens(FreezeRequested{kOther, RequesterKind::kLocal, "vssctl", 77, {}});
      }
      ASSERT_EQ(fresh.last.size(), 1U);
      EXPECT_FALSE(fresh.answer_to(77)->success);
      EXPECT_EQ(fresh.answer_to(77)->requester, kOther);
      EXPECT_EQ(fresh.answer_to(77)->reason.view(), "busy: transaction 3e8-1 of 'host' is open (" +
                                                        std::string{to_text(phase)} +
                                                        "); try again when it has ended");
      EXPECT_EQ(fresh.phase(), phase);
      EXPECT_EQ(fresh.unanswered, asked);
      EXPECT_EQ(fresh.record().id, kFirstTransaction);
    }
  }
}

TEST_F(Requesters, ARepeatedFreezeOfTheOwnerIsRefusedAndNothingIsRunAgain) {
  story.freeze();
  story.freeze();
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_FALSE(story.answer_to(1));
  EXPECT_EQ(story.story_of(writer).size(), 1U);
}

TEST_F(Requesters, ARefusalWhileBusyIsNoTransaction) {
  story.freeze();
  other_asks(false);
  EXPECT_TRUE(story.all_of<KeepRecord>().empty());
  story.all_say_yes(2, Phase::kHeld);
  story.thaw();
  story.all_say_yes(2);
  story.freeze();
  EXPECT_EQ(story.record().id.value, kFirstTransaction.value + 1);
}

TEST_F(Requesters, ARequestInTheTickThatEndsATransactionIsRefusedSoThatItsRecordStays) {
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  story.thaw();
  story.yes(freezer, counts_of(2));
  story.stall(seconds{5});
  other_asks(false);
  ASSERT_EQ(story.last_of<KeepRecord>().size(), 1U);
  EXPECT_EQ(story.record().id, story.last_of<KeepRecord>()[0].transaction);
  EXPECT_FALSE(story.answer_to(77)->success);
  other_asks(false);
  EXPECT_EQ(story.phase(), Phase::kPrepare);
}

TEST_F(Requesters, ABareThawOfALinkThatOpenedNothingTouchesNothing) {
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  story.thaw(kOther, "another link");
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.phase(), Phase::kHeld);
}

TEST_F(Requesters, AHostLinkThatWasOpenedAnewIsKnownByItsName) {
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  story.thaw(RequesterId{55}, "host");
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.phase(), Phase::kIdle);
}

TEST_F(Requesters, AHostLinkThatWentInTheHoldHearsOfTheTornCopyUnderItsName) {
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  story.gone();
  story.all_say_yes(2);
  story.thaw(RequesterId{55}, "host");
  EXPECT_FALSE(story.answer_to(2)->success);
  story.thaw(RequesterId{55}, "host");
  EXPECT_TRUE(story.answer_to(3)->success);
}

TEST_F(Requesters, TwoLocalRequestersOfOneNameAreNotTakenForEachOther) {
  story.freeze({}, RequesterKind::kLocal);
  story.all_say_yes(2, Phase::kHeld);
  story.thaw(kOther, "host");
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.phase(), Phase::kHeld);
}

TEST_F(Requesters, ANewFreezeOfALinkSettlesWhatItWasOwed) {
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  story.pass(seconds{60});
  story.all_say_yes(2);
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  story.thaw();
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(3)->success);
  story.thaw();
  EXPECT_TRUE(story.answer_to(4)->success);
}

TEST_F(Requesters, AThawAfterAFailedFreezeIsSuccess) {
  story.freeze();
  story.no(writer);
  story.all_say_yes(2);
  EXPECT_FALSE(story.answer_to(1)->success);
  story.thaw();
  EXPECT_TRUE(story.answer_to(2)->success);
}

TEST_F(Requesters, AThawDuringTheRollbackOfAFailedFreezeWaitsForItsEnd) {
  story.freeze();
  story.no(writer);
  story.thaw();
  EXPECT_FALSE(story.answer_to(2));
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(2)->success);
}

TEST_F(Requesters, WhoGoesAwayIsNotAnsweredAnyMore) {
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  story.thaw();
  story.abort(kOther);
  story.gone(kOther);
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(2));
  EXPECT_FALSE(story.answer_to(3));
}

TEST_F(Requesters, MoreThawsThanCanWaitAreRefusedNotLost) {
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  for (int i = 0; i < 100; ++i)
    story.thaw();
  story.all_say_yes(2);
  EXPECT_EQ(story.all_of<Answer>().size(), 101U);
}

TEST_F(Requesters, ACheckAsksEverybodyAndChangesNothing) {
  story.check();
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->grade, Grade::kApplication);
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "a snapshot would be application-consistent: 1 writer and 2 filesystems could be held");
  EXPECT_EQ(story.story_of(writer), std::vector{kCheck});
  EXPECT_EQ(story.story_of(freezer), std::vector{kCheck});
  EXPECT_TRUE(story.all_of<WriteNote>().empty());
  EXPECT_TRUE(story.all_of<EnterFreezeWindow>().empty());
  EXPECT_EQ(story.record().result, Result::kCheckPassed);
  EXPECT_EQ(story.all_of<KeepRecord>().size(), 1U);
}

TEST_F(Requesters, ACheckFailsWithTheFirstNoAndLeavesTheOthersAlone) {
  const auto second = story.writer("second");
  story.check();
  story.no(writer, "recovering");
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "writer 'writer' (level 100, required) refused CHECK: recovering");
  EXPECT_EQ(story.last_of<Withdraw>().size(), 1U);
  EXPECT_FALSE(story.asked(second));
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_EQ(story.record().phases.size(), 1U);
  EXPECT_EQ(story.all_of<KeepRecord>().size(), 1U);
  EXPECT_TRUE(story.story_of(freezer).empty());
}

TEST_F(Requesters, ACheckRefusesWhatCouldNotReachTheGradeAndNamesBothWaysOut) {
  story.check();
  story.yes(writer);
  FilesystemCounts counts = counts_of(2);
  counts.lower_grade = 2;
  story.yes(freezer, counts);
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "2 filesystems in scope cannot be frozen, so only grade crash is reached where "
            "filesystem is required: exclude it, or ask for require = crash (`vssctl plan` names "
            "it)");
}

TEST_F(Requesters, ACheckLeavesOutAnOptionalWriterThatIsSilent) {
  story.optional_writer("optional");
  story.check();
  story.yes(writer);
  story.pass(seconds{2});
  story.yes(freezer, counts_of(2));
  EXPECT_TRUE(story.answer_to(1)->success);
}

TEST_F(Requesters, ACheckEndsWhenItsRequesterGoes) {
  story.check();
  story.gone();
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_TRUE(story.all_of<Answer>().empty());
  EXPECT_EQ(story.record().result, Result::kAborted);
}

TEST_F(Requesters, ACheckEndsAtOnceWithOneRecordWhateverGoesWrong) {
  const std::vector<std::function<void(EventStory&, ParticipantId)>> wrongs{
      [](EventStory& s, ParticipantId id) { s.no(id); },
      [](EventStory& s, ParticipantId id) { s.leaves(id); },
      [](EventStory& s, ParticipantId id) { s.yes(id, counts_of(0)); },
      [](EventStory& s, ParticipantId) { s.pass(seconds{10}); },
      [](EventStory& s, ParticipantId) { s.thaw(); },
      [](EventStory& s, ParticipantId) { s.abort(); },
  };
  for (const auto& wrong : wrongs) {
    EventStory fresh;
    const auto its_freezer = fresh.freezer();
    fresh.check();
    ASSERT_EQ(fresh.asked(its_freezer), kCheck);
    wrong(fresh, its_freezer);
    ASSERT_TRUE(fresh.answer_to(1));
    EXPECT_FALSE(fresh.answer_to(1)->success);
    EXPECT_FALSE(fresh.answer_to(1)->reason.empty());
    EXPECT_EQ(fresh.phase(), Phase::kIdle);
    EXPECT_EQ(fresh.all_of<KeepRecord>().size(), 1U);
    EXPECT_EQ(fresh.story_of(its_freezer), std::vector{kCheck});
    EXPECT_TRUE(fresh.all_of<Notify>().empty());
    EXPECT_TRUE(fresh.last_tag() == 1 || fresh.answer_to(2)->success);
  }
}

TEST_F(Requesters, TheGradeRequiredIsTheRequestsOrElseTheConfigured) {
  Policy policy = default_policy();
  policy.requesters[0].require = Grade::kApplication;
  EventStory strict(policy);
  strict.freezer();
  strict.freeze();
  strict.all_say_yes(1);
  EXPECT_FALSE(strict.answer_to(1)->success);
  EXPECT_EQ(strict.answer_to(1)->reason.view(),
            "only grade filesystem is reached where application is required: no writer holds; "
            "connect one, or lower `require`");
  SnapshotOptions lenient;
  lenient.require_given = true;
  lenient.require = Grade::kCrash;
  strict.freeze(lenient);
  strict.all_say_yes(1, Phase::kHeld);
  EXPECT_TRUE(strict.answer_to(2)->success);
}

}  // namespace
}  // namespace vss::coordinator
