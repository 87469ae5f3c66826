// The hold: what ends it, and what breaks it.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::milliseconds;
using base::seconds;
using What = Notify::What;

struct Hold : testing::Test {
  EventStory story;
  ParticipantId writer = story.writer("writer");
  ParticipantId freezer = story.freezer();

  void hold(const SnapshotOptions& options = {}, RequesterKind kind = RequesterKind::kHyperV) {
    story.freeze(options, kind);
    story.all_say_yes(2, Phase::kHeld);
    ASSERT_EQ(story.phase(), Phase::kHeld);
  }
};

TEST_F(Hold, EndsByItselfAtTheDeadlineFilesystemsFirst) {
  hold();
  story.pass(seconds{60} - milliseconds{1});
  EXPECT_EQ(story.phase(), Phase::kHeld);
  story.pass(milliseconds{1});
  EXPECT_EQ(story.phase(), Phase::kThawFilesystems);
  EXPECT_EQ(story.asked(freezer), kThaw);
  EXPECT_FALSE(story.asked(writer));
  ASSERT_EQ(story.all_of<Notify>().size(), 1U);
  EXPECT_EQ(story.all_of<Notify>()[0].what, What::kExpired);
  story.all_say_yes(2);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_TRUE(story.record().automatic_thaw);
  EXPECT_EQ(story.record().result, Result::kTorn);
  EXPECT_EQ(story.record().grade, Grade::kCrash);
  EXPECT_EQ(story.all_of<Notify>().back().what, What::kEnded);
  EXPECT_TRUE(std::holds_alternative<Notify>(story.last.back())) << "it comes last";
  EXPECT_EQ(story.sentence(),
            "the hold reached its deadline of 60.0 s and was ended before THAW came: the copy may "
            "be torn; make the snapshot faster, or raise the hold budget of hyperv requesters");
}

TEST_F(Hold, AThawAfterTheDeadlineFailsOnceAndSucceedsThen) {
  hold();
  story.pass(seconds{60});
  story.all_say_yes(2);
  story.thaw();
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.answer_to(2)->transaction, kFirstTransaction);
  EXPECT_EQ(story.answer_to(2)->reason, story.record().sentence);
  story.thaw();
  EXPECT_TRUE(story.answer_to(3)->success);
}

TEST_F(Hold, AThawInTheTickOfTheDeadlineIsTooLate) {
  hold();
  story.stall(seconds{60});
  story.thaw();
  story.all_say_yes(2);
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_TRUE(story.record().automatic_thaw);
  story.thaw();
  EXPECT_TRUE(story.answer_to(3)->success) << "it was said once";
}

TEST_F(Hold, AThawJustBeforeTheDeadlineIsInTime) {
  hold();
  story.stall(seconds{60} - milliseconds{1});
  story.thaw();
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(2)->success);
}

TEST_F(Hold, ARequiredWriterLostInItFailsTheThawButKeepsTheFilesystems) {
  hold();
  story.leaves(writer);
  EXPECT_EQ(story.phase(), Phase::kHeld);
  EXPECT_TRUE(story.last.empty()) << "nobody is told anything";
  story.thaw();
  story.all_say_yes(2);
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.record().result, Result::kTorn);
  EXPECT_FALSE(story.record().released_without_freezer);
  EXPECT_EQ(story.entry("writer")->fate, WriterFate::kLost);
  EXPECT_EQ(story.sentence(),
            "writer 'writer' (level 100, required) was lost in phase 'held': closed; see its log");
}

TEST_F(Hold, AnOptionalWriterLostInItIsNotCountedAndNamed) {
  const auto optional = story.optional_writer("optional");
  hold();
  story.leaves(optional);
  story.thaw();
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.answer_to(2)->grade, Grade::kApplication);
  EXPECT_EQ(story.entry("optional")->fate, WriterFate::kLost);
  EXPECT_EQ(
      story.sentence(),
      "application-consistent: 1 writer and 2 filesystems held for 0.0 s; not counted: writer "
      "'optional' (level 100, optional) was lost in phase 'held': closed; see its log");
}

TEST(Grade, FallsWhenTheOnlyWriterIsLostInTheHold) {
  EventStory story;
  const auto optional = story.optional_writer("optional");
  story.freezer();
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  EXPECT_EQ(story.answer_to(1)->grade, Grade::kApplication);
  story.leaves(optional);
  story.thaw();
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.answer_to(2)->grade, Grade::kFilesystem);
  EXPECT_EQ(story.record().grade, Grade::kFilesystem);
}

TEST(Grade, BelowWhatIsRequiredAtTheEndFailsTheThaw) {
  for (const bool lost : {true, false}) {
    EventStory story;
    const auto optional = story.optional_writer("optional");
    story.freeze(
        {.selection = Selection::kNone, .require_given = true, .require = Grade::kApplication});
    story.all_say_yes(2, Phase::kHeld);
    if (lost) story.leaves(optional);
    story.thaw();
    if (!lost) story.no(optional, "my lock was lost");
    EXPECT_FALSE(story.answer_to(2)->success);
    EXPECT_EQ(story.record().result, Result::kTorn);
    EXPECT_NE(story.sentence().find("'optional'"), std::string::npos) << story.sentence();
  }
}

TEST_F(Hold, AYesThatIsTakenBackIsALoss) {
  hold();
  story.happens(Answered{.id = writer,
                         .message_id = story.told.at(writer).message_id,
                         .operation_raw = operation_raw(kFreeze),
                         .success = false,
                         .reason = "my lock was lost",
                         .filesystems = {}});
  story.thaw();
  story.all_say_yes(2);
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.sentence(),
            "writer 'writer' (level 100, required) refused FREEZE: my lock was lost");
}

TEST_F(Hold, IsRefusedWhereTheFreezerAnswersForOtherFilesystemsThanItPlanned) {
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeFilesystems);
  story.yes(freezer, FilesystemCounts{});
  EXPECT_FALSE(story.answer_to(1)->success);
}

TEST_F(Hold, IsThawedAtOnceWhenTheGuardianIsLost) {
  hold();
  story.happens(FreezerStatus{
      freezer, {.clean = false, .guardian_alive = false, .last_thawed = {}, .reason = {}}});
  EXPECT_EQ(story.phase(), Phase::kThawFilesystems);
  EXPECT_EQ(story.asked(freezer), kThaw);
  EXPECT_EQ(story.all_of<Notify>().back().what, What::kAborted);
  story.all_say_yes(2);
  story.thaw();
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.answer_to(2)->reason.view(),
            "the guardian was lost in phase 'held', and without one nothing stays frozen; see the "
            "log of vss-guardian");
}

TEST_F(Hold, EndsWhenTheFreezerIsLostAndWritersFollowTheThawedMark) {
  hold();
  story.leaves(freezer);
  EXPECT_EQ(story.phase(), Phase::kThawFilesystems);
  EXPECT_FALSE(story.asked(writer));
  story.happens(ThawedMark{TransactionId{kFirstTransaction.value + 1}});
  EXPECT_FALSE(story.asked(writer)) << "another transaction's mark";
  story.happens(ThawedMark{kFirstTransaction});
  EXPECT_EQ(story.asked(writer), kThaw);
  story.yes(writer);
  EXPECT_EQ(story.record().result, Result::kTorn);
  EXPECT_FALSE(story.record().released_without_freezer);
  EXPECT_EQ(story.all_of<LeaveFreezeWindow>().size(), 1U);
}

TEST_F(Hold, EndsWhenTheThawedMarkAppearsInIt) {
  hold();
  story.happens(ThawedMark{kFirstTransaction});
  EXPECT_EQ(story.asked(freezer), kThaw) << "it must still close the transaction";
  EXPECT_EQ(story.asked(writer), kThaw);
  story.all_say_yes(2);
  story.thaw();
  EXPECT_FALSE(story.answer_to(2)->success);
}

TEST_F(Hold, EndsWhenTheFreezerReportsItThawed) {
  hold();
  story.happens(FreezerStatus{
      freezer,
      {.clean = true, .guardian_alive = true, .last_thawed = kFirstTransaction, .reason = {}}});
  EXPECT_EQ(story.asked(writer), kThaw);
}

TEST_F(Hold, WritersAreReleasedFourSecondsAfterTheDeadlineWithoutTheFreezer) {
  hold();
  story.pass(seconds{60});
  story.pass(seconds{4} - milliseconds{1});
  EXPECT_FALSE(story.asked(writer));
  story.pass(milliseconds{1});
  EXPECT_EQ(story.asked(writer), kThaw);
  story.yes(writer);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_TRUE(story.record().released_without_freezer);
  EXPECT_TRUE(story.all_of<LeaveFreezeWindow>().empty()) << "disks may still be frozen";
  EXPECT_EQ(story.all_of<KeepRecord>().size(), 1U);
  EXPECT_FALSE(story.coordinator.not_ready().empty());
  // The freezer's THAW is still wanted; what it says settles the debt, not the record.
  story.yes(freezer, counts_of(2));
  EXPECT_EQ(story.all_of<LeaveFreezeWindow>().size(), 1U);
  EXPECT_TRUE(story.coordinator.not_ready().empty());
  EXPECT_TRUE(story.record().released_without_freezer);
}

TEST_F(Hold, ADriverThatWasStoppedPastEverythingReleasesInOneStep) {
  hold();
  story.stall(seconds{100});
  story.happens(Tick{});
  EXPECT_EQ(story.asked(freezer), kThaw);
  EXPECT_EQ(story.asked(writer), kThaw);
}

TEST_F(Hold, OfAHoldRequestStaysWhenItsConnectionGoes) {
  SnapshotOptions unbound;
  unbound.bound_to_requester = false;
  hold(unbound, RequesterKind::kLocal);
  story.gone();
  EXPECT_EQ(story.phase(), Phase::kHeld);
  story.release(kFirstTransaction);
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(2)->success);
}

TEST_F(Hold, OfABoundRequestIsAbortedWhenItsRequesterGoes) {
  hold();
  story.gone();
  EXPECT_EQ(story.phase(), Phase::kAbortFilesystems);
  EXPECT_EQ(story.asked(freezer), kAbort);
  story.all_say_yes(2);
  EXPECT_EQ(story.record().result, Result::kTorn);
  EXPECT_TRUE(story.all_of<Notify>().empty()) << "nobody is there to hear it";
  EXPECT_EQ(story.sentence(),
            "requester 'host' went away (closed) and its transaction was aborted");
}

}  // namespace
}  // namespace vss::coordinator
