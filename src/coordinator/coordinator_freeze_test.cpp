// FREEZE: what it takes to be answered with success (promise 1), and what happens otherwise.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::milliseconds;
using base::seconds;

struct Freeze : testing::Test {
  EventStory story;
  ParticipantId writer = story.writer("writer");
  ParticipantId freezer = story.freezer();

  void reach_filesystems() {
    story.freeze();
    story.all_say_yes(2, Phase::kFreezeFilesystems);
    ASSERT_EQ(story.asked(freezer), kFreeze);
  }
  void expect_failure(std::string_view reason) {
    ASSERT_TRUE(story.answer_to(1));
    EXPECT_FALSE(story.answer_to(1)->success);
    EXPECT_EQ(story.answer_to(1)->reason.view(), reason);
    EXPECT_EQ(story.phase(), Phase::kAbortFilesystems);
    EXPECT_EQ(story.asked(freezer), kAbort);
    story.all_say_yes(2);
    EXPECT_EQ(story.story_of(writer).back(), kAbort);
    EXPECT_EQ(story.phase(), Phase::kIdle);
    EXPECT_EQ(story.record().result, Result::kRefused);
    EXPECT_EQ(story.sentence(), reason);
  }
};

TEST_F(Freeze, SucceedsWhenEveryRequiredWriterHoldsAndEverythingIsFrozen) {
  reach_filesystems();
  story.yes(freezer, counts_of(2, 2));
  ASSERT_TRUE(story.answer_to(1));
  EXPECT_TRUE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->grade, Grade::kApplication);
  EXPECT_EQ(story.answer_to(1)->hold_deadline, story.record().hold_deadline);
  EXPECT_EQ(story.phase(), Phase::kHeld);
}

TEST_F(Freeze, FailsWhenFewerFilesystemsAreFrozenThanPlanned) {
  reach_filesystems();
  story.yes(freezer, counts_of(2, 1));
  expect_failure(
      "only 1 of 2 filesystems are frozen (0 in flight): `vssctl explain` names the others");
}

TEST_F(Freeze, FailsWhenThePlanChangedMeanwhile) {
  reach_filesystems();
  FilesystemCounts counts = counts_of(2, 2);
  counts.plan_changed = true;
  story.yes(freezer, counts);
  expect_failure(
      "the mount table changed between plan and answer: try again when mounting is over");
}

TEST_F(Freeze, FailsWhenOneOfOursWasThawedBySomeoneElseMeanwhile) {
  reach_filesystems();
  FilesystemCounts counts = counts_of(2, 2);
  counts.thawed_by_others = 1;
  story.yes(freezer, counts);
  expect_failure(
      "a filesystem was thawed by someone else before everything held: look for another backup "
      "agent (qemu-ga, fsfreeze -u)");
}

TEST_F(Freeze, FailsWhenTheGradeIsBelowWhatIsRequired) {
  reach_filesystems();
  FilesystemCounts counts = counts_of(2, 2);
  counts.lower_grade = 1;
  story.yes(freezer, counts);
  expect_failure(
      "1 filesystem in scope cannot be frozen, so only grade crash is reached where filesystem is "
      "required: exclude it, or ask for require = crash (`vssctl plan` names it)");
}

TEST_F(Freeze, FailsWhenTheFreezerSaysNo) {
  reach_filesystems();
  story.no(freezer, "/srv is frozen by someone else");
  expect_failure("the freezer refused FREEZE: /srv is frozen by someone else");
}

TEST_F(Freeze, FailsWhenTheFreezerIsLate) {
  reach_filesystems();
  story.pass(seconds{10});
  expect_failure(
      "the freezer did not answer FREEZE within 10.0 s: `vssctl explain` names the filesystem it "
      "waits for; exclude it, repair its device, or raise the budget");
}

TEST_F(Freeze, FailsWhenARequiredWriterIsLostWhileFilesystemsFreeze) {
  const auto second = story.writer("second");
  reach_filesystems();
  story.leaves(second);
  expect_failure(
      "writer 'second' (level 100, required) was lost in phase 'freeze filesystems': closed; see "
      "its log");
}

TEST_F(Freeze, SucceedsWhenAnOptionalWriterIsLostWhileFilesystemsFreeze) {
  const auto optional = story.optional_writer("optional");
  reach_filesystems();
  story.leaves(optional);
  story.yes(freezer, counts_of(2, 2));
  EXPECT_TRUE(story.answer_to(1)->success);
}

TEST_F(Freeze, AWriterThatRefusesReleasesThoseThatHold) {
  const auto first = story.writer_at("first", 10);
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  story.yes(first);
  EXPECT_EQ(story.asked(writer), kFreeze);
  story.no(writer, "busy");
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "writer 'writer' (level 100, required) refused FREEZE: busy");
  story.yes(freezer);
  EXPECT_EQ(story.asked(writer), kAbort);
  EXPECT_FALSE(story.asked(first)) << "the higher level is released before";
  story.yes(writer);
  EXPECT_EQ(story.asked(first), kAbort);
}

TEST_F(Freeze, AnOptionalWriterThatIsSilentIsLeftOut) {
  const auto optional = story.optional_writer("optional");
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  story.yes(writer);
  story.pass(seconds{2});
  EXPECT_EQ(story.story_of(optional), (std::vector{kPrepare, kFreeze, kAbort}));
  EXPECT_EQ(story.asked(freezer), kFreeze);
  story.yes(freezer, counts_of(2, 2));
  EXPECT_TRUE(story.answer_to(1)->success);
  EXPECT_EQ(story.entry("optional")->fate, WriterFate::kDropped);
}

TEST_F(Freeze, TheWindowIsEnteredBeforeAnybodyIsToldFreeze) {
  story.freeze();
  story.yes(writer);
  story.yes(freezer, counts_of(2));
  ASSERT_EQ(story.last.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<EnterFreezeWindow>(story.last[0]));
  EXPECT_TRUE(std::holds_alternative<Tell>(story.last[1]));
}

TEST_F(Freeze, TheNoteIsWrittenBeforePrepareAndMarkedBeforeTheAnswer) {
  story.freeze();
  ASSERT_TRUE(std::holds_alternative<WriteNote>(story.last[0]));
  EXPECT_FALSE(std::get<WriteNote>(story.last[0]).note.answered);
  EXPECT_EQ(std::get<WriteNote>(story.last[0]).note.transaction, kFirstTransaction);
  EXPECT_EQ(std::get<WriteNote>(story.last[0]).note.requester.view(), "host");
  EXPECT_TRUE(std::holds_alternative<Tell>(story.last[1]));
  story.all_say_yes(2, Phase::kHeld);
  ASSERT_EQ(story.last.size(), 2U);
  ASSERT_TRUE(std::holds_alternative<WriteNote>(story.last[0]));
  EXPECT_TRUE(std::get<WriteNote>(story.last[0]).note.answered);
  EXPECT_TRUE(std::holds_alternative<Answer>(story.last[1]));
}

TEST_F(Freeze, OneAbsoluteHoldDeadlineIsFixedByTheFirstTellAndCarriedInEvery) {
  story.writer_at("later", 200);
  story.freeze();
  story.pass(seconds{3});
  story.all_say_yes(2, Phase::kFreezeWriters);
  const Instant deadline = story.now + seconds{60};
  story.pass(milliseconds{500});
  story.all_say_yes(2, Phase::kHeld);
  int seen = 0;
  for (const Tell& tell : story.all_of<Tell>()) {
    if (tell.operation != kFreeze) {
      EXPECT_TRUE(tell.hold_deadline.is_never());
      continue;
    }
    EXPECT_EQ(tell.hold_deadline, deadline);
    ++seen;
  }
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(story.record().hold_deadline, deadline);
  EXPECT_EQ(story.next_deadline, deadline);
}

TEST_F(Freeze, ARequestMayShortenAndLengthenTheHold) {
  story.freeze({.hold_budget = seconds{6}});
  story.all_say_yes(2, Phase::kFreezeWriters);
  EXPECT_EQ(story.record().hold_deadline, story.now + seconds{6});
  story.all_say_yes(2, Phase::kHeld);
  story.thaw();
  story.all_say_yes(2);
  story.freeze({.hold_budget = seconds{600}});
  story.all_say_yes(2, Phase::kFreezeWriters);
  EXPECT_EQ(story.record().hold_deadline, story.now + seconds{600});
}

TEST_F(Freeze, TheFreezeEndsWithinAShortenedHold) {
  story.freeze({.hold_budget = seconds{6}});
  story.all_say_yes(2, Phase::kFreezeFilesystems);
  EXPECT_EQ(story.told.at(freezer).reply_deadline, story.now + seconds{3});
}

TEST_F(Freeze, MessageNumbersAreNeverUsedTwice) {
  for (int round = 0; round < 3; ++round) {
    story.freeze();
    story.all_say_yes(2, Phase::kHeld);
    story.thaw();
    story.all_say_yes(2);
  }
  std::vector<std::uint64_t> numbers;
  for (const Tell& tell : story.all_of<Tell>())
    numbers.push_back(tell.message_id);
  EXPECT_TRUE(std::ranges::is_sorted(numbers, std::less_equal<>{}));
}

TEST(FreezeNumbers, SkipZeroWhenTheyWrap) {
  Coordinator coordinator(default_policy(),
                          {.transaction = kFirstTransaction, .message_id = ~std::uint64_t{0}});
  WriterJoined joined;
  joined.name = "a";
  coordinator.step({1}, joined);
  joined.name = "b";
  coordinator.step({1}, joined);
  SnapshotOptions none;
  none.selection = Selection::kNone;
  const auto result =
      coordinator.step({1}, FreezeRequested{kHost, RequesterKind::kLocal, "host", 1, none});
  std::vector<std::uint64_t> numbers;
  for (const Action& action : result.actions) {
    if (const auto* tell = std::get_if<Tell>(&action)) numbers.push_back(tell->message_id);
  }
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{~std::uint64_t{0}, 1}));
}

struct FreezeNothing : testing::Test {
  EventStory story;
  SnapshotOptions none = [] {
    SnapshotOptions options;
    options.selection = Selection::kNone;
    options.require_given = true;
    options.require = Grade::kApplication;
    return options;
  }();
};

TEST_F(FreezeNothing, HoldsTheWritersAndLeavesTheFreezerAlone) {
  const auto writer = story.writer("writer");
  const auto freezer = story.freezer();
  story.freeze(none, RequesterKind::kLocal);
  story.all_say_yes(0, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->grade, Grade::kApplication);
  EXPECT_TRUE(story.story_of(freezer).empty());
  story.thaw();
  EXPECT_EQ(story.asked(writer), kThaw);
  story.yes(writer);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.all_of<LeaveFreezeWindow>().size(), 1U);
}

TEST_F(FreezeNothing, WorksWithoutAFreezer) {
  story.writer("writer");
  story.freeze(none, RequesterKind::kLocal);
  story.all_say_yes(0, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(1)->success);
}

TEST_F(FreezeNothing, WithoutWritersIsAFailure) {
  story.freezer();
  story.freeze(none, RequesterKind::kLocal);
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.phase(), Phase::kIdle);
}

TEST_F(FreezeNothing, WritersHaveTheWholeFreezeBudget) {
  const auto writer = story.writer("writer", {.timeout = seconds{8}});
  story.freeze(none, RequesterKind::kLocal);
  story.yes(writer);
  EXPECT_EQ(story.told.at(writer).reply_deadline, story.now + seconds{8});
}

}  // namespace
}  // namespace vss::coordinator
