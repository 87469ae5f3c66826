// PREPARE: slow work while everything runs; who fails in it is left out, or ends it.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::milliseconds;
using base::seconds;

TEST(Prepare, ARequiredWriterThatRefusesAbortsAndIsNamed) {
  EventStory story;
  const auto good = story.writer_at("good", 50);
  const auto bad = story.writer_at("bad", 100);
  const auto freezer = story.freezer();
  story.freeze();
  story.yes(good);
  story.no(bad, "checkpoint failed");
  ASSERT_TRUE(story.answer_to(1));
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "writer 'bad' (level 100, required) refused PREPARE: checkpoint failed");
  // The freezer was never told anything, so nothing is waited for before the writers.
  EXPECT_TRUE(story.story_of(freezer).empty());
  EXPECT_EQ(story.asked(bad), kAbort);
  story.yes(bad);
  EXPECT_EQ(story.asked(good), kAbort);
  story.yes(good);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_EQ(story.record().result, Result::kRefused);
  EXPECT_EQ(story.entry("bad")->fate, WriterFate::kRefused);
  EXPECT_EQ(story.entry("good")->fate, WriterFate::kReleased);
  EXPECT_TRUE(story.entry("good")->told_abort);
}

TEST(Prepare, AnOptionalWriterThatRefusesIsLeftOutAndReleasedAtOnce) {
  EventStory story;
  const auto required = story.writer_at("required", 50);
  const auto optional = story.optional_writer("optional", 50);
  story.freezer();
  story.freeze();
  story.no(optional);
  EXPECT_EQ(story.asked(optional), kAbort);
  story.all_say_yes(1, Phase::kHeld);
  EXPECT_EQ(story.phase(), Phase::kHeld);
  EXPECT_EQ(story.answer_to(1)->grade, Grade::kApplication);
  EXPECT_EQ(story.story_of(optional), (std::vector{kPrepare, kAbort}));
  story.thaw();
  story.all_say_yes(1);
  EXPECT_EQ(story.entry("optional")->fate, WriterFate::kDropped);
  EXPECT_EQ(story.story_of(optional), (std::vector{kPrepare, kAbort}));
  EXPECT_EQ(story.story_of(required), (std::vector{kPrepare, kFreeze, kThaw}));
  EXPECT_EQ(story.sentence(),
            "application-consistent: 1 writer and 1 filesystem held for 0.0 s; left out: writer "
            "'optional' (level 50, optional) refused PREPARE: not now");
}

TEST(Prepare, AnOverrunDropsAnOptionalWriterInTimeForTheRest) {
  EventStory story;
  const auto optional = story.optional_writer("optional", 50);
  const auto required = story.writer_at("required", 100);
  const auto freezer = story.freezer();
  story.freeze();
  story.pass(milliseconds{45'000} / 4 - seconds{1});
  EXPECT_FALSE(story.asked(required));
  story.pass(seconds{1});
  EXPECT_EQ(story.asked(optional), kAbort);
  EXPECT_EQ(story.asked(required), kPrepare);
  story.yes(required);
  EXPECT_EQ(story.asked(freezer), kPrepare);
  story.all_say_yes(1, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(1)->success);
}

TEST(Prepare, AnOptionalWriterAfterASlowRequiredOneStillHasTime) {
  EventStory story;
  const auto slow = story.writer_at("slow", 50);
  const auto optional = story.optional_writer("optional", 100);
  story.freezer();
  story.freeze();
  story.pass(seconds{40});
  story.yes(slow);
  ASSERT_EQ(story.asked(optional), kPrepare);
  EXPECT_EQ(story.told.at(optional).reply_deadline - story.now, milliseconds{2'500})
      << "half of what is left of 45 s, the other half being the filesystems'";
}

TEST(Prepare, ARequiredWriterHasThePhasesWholeBudgetAndThenAborts) {
  EventStory story;
  const auto slow = story.writer("slow");
  story.freezer();
  story.freeze();
  story.pass(seconds{44});
  EXPECT_EQ(story.asked(slow), kPrepare);
  story.pass(seconds{1});
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "writer 'slow' (level 100, required) did not answer PREPARE within 45.0 s; see its "
            "log, raise its timeout, or make it optional");
}

TEST(Prepare, AWriterThatOverranIsToldAbortButNotWaitedFor) {
  EventStory story;
  const auto slow = story.writer("slow");
  story.freezer();
  story.freeze();
  story.pass(seconds{45});
  EXPECT_EQ(story.story_of(slow), (std::vector{kPrepare, kAbort}));
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_EQ(story.entry("slow")->fate, WriterFate::kTimedOut);
}

TEST(Prepare, AWriterLostBeforeItsTurnAbortsWhenRequired) {
  EventStory story;
  story.writer_at("first", 50);
  const auto second = story.writer_at("second", 100);
  story.freezer();
  story.freeze();
  story.leaves(second);
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "writer 'second' (level 100, required) was lost in phase 'prepare': closed; see its "
            "log");
}

TEST(Prepare, AnOptionalWriterThatIsLostIsLeftOut) {
  EventStory story;
  const auto optional = story.optional_writer("optional");
  story.freezer();
  story.freeze();
  story.leaves(optional);
  story.all_say_yes(1, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->grade, Grade::kFilesystem);
}

TEST(Prepare, TheFreezerRefusingAbortsBeforeAnythingHolds) {
  EventStory story;
  const auto writer = story.writer("writer");
  const auto freezer = story.freezer();
  story.freeze();
  story.yes(writer);
  story.no(freezer, "/dev/sdb does not answer");
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "the freezer refused PREPARE: /dev/sdb does not answer");
  EXPECT_EQ(story.asked(freezer), kAbort);
  EXPECT_FALSE(story.asked(writer));
  story.yes(freezer);
  EXPECT_EQ(story.asked(writer), kAbort);
  story.yes(writer);
  EXPECT_TRUE(story.all_of<EnterFreezeWindow>().empty());
  EXPECT_EQ(story.all_of<CloseNote>().size(), 1U);
}

TEST(Prepare, AFreezerThatHangsInItDoesNotKeepTheWritersFromTheirAbort) {
  EventStory story;
  const auto writer = story.writer("writer");
  const auto freezer = story.freezer();
  story.freeze();
  story.yes(writer);
  story.pass(seconds{45});
  EXPECT_EQ(story.asked(freezer), kAbort);
  story.pass(seconds{2});
  EXPECT_EQ(story.asked(writer), kAbort);
  story.yes(writer);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_FALSE(story.record().released_without_freezer);
  EXPECT_FALSE(story.coordinator.not_ready().empty());
  story.yes(freezer);
  EXPECT_TRUE(story.coordinator.not_ready().empty());
}

TEST(Prepare, FreezeGoesOnlyToWhoAnsweredIt) {
  EventStory story;
  const auto writer = story.writer("writer");
  story.freezer();
  story.freeze();
  const auto late = story.writer("late");
  story.yes(writer);
  story.all_say_yes(1, Phase::kHeld);
  EXPECT_TRUE(story.story_of(late).empty());
  EXPECT_EQ(story.entry("late")->fate, WriterFate::kJoinedLater);
  story.thaw();
  story.all_say_yes(1);
  EXPECT_TRUE(story.story_of(late).empty());
  story.freeze();
  EXPECT_EQ(story.asked(late), kPrepare);
}

TEST(Prepare, AnEmptyPlanWithoutWritersFailsBeforeTheFreeze) {
  EventStory story;
  const auto freezer = story.freezer();
  story.freeze();
  story.yes(freezer, counts_of(0));
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "nothing would be held: no filesystem is to be frozen and no writer takes part; "
            "connect a writer, or select filesystems");
  EXPECT_EQ(story.phase(), Phase::kAbortFilesystems);
  EXPECT_EQ(story.asked(freezer), kAbort);
}

}  // namespace
}  // namespace vss::coordinator
