// How time is shared: N silent writers cost one timeout, no level takes from the next, more time
// comes out of the level's own share, and every transaction ends.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::milliseconds;
using base::seconds;

TEST(Budgets, ManySilentWritersOfOneLevelCostOneTimeout) {
  EventStory story;
  for (int i = 0; i < 40; ++i)
    story.optional_writer(("silent" + std::to_string(i)).c_str());
  const auto freezer = story.freezer();
  story.check();
  const Instant began = story.now;
  story.pass(seconds{2});
  EXPECT_EQ(story.asked(freezer), kCheck);
  EXPECT_EQ(story.told.at(freezer).reply_deadline, began + seconds{10});
}

TEST(Budgets, SilentLevelsShareHalfOfTheFreezeBudget) {
  EventStory story;
  std::vector<ParticipantId> writers;
  for (int level = 0; level < 5; ++level) {
    writers.push_back(story.writer(("w" + std::to_string(level)).c_str(),
                                   {.level = level, .criticality = Criticality::kOptional}));
  }
  const auto freezer = story.freezer();
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  const Instant began = story.now;
  EXPECT_EQ(story.told.at(writers[0]).reply_deadline, began + seconds{1});
  story.pass(seconds{5} - milliseconds{1});
  EXPECT_FALSE(story.asked(freezer));
  story.pass(milliseconds{1});
  EXPECT_EQ(story.asked(freezer), kFreeze);
  EXPECT_EQ(story.told.at(freezer).reply_deadline, began + seconds{10});
}

TEST(Budgets, WhatAQuickLevelLeavesGoesToTheRest) {
  EventStory story;
  const auto quick = story.writer("quick", {.level = 1, .timeout = seconds{10}});
  const auto slow = story.writer("slow", {.level = 2, .timeout = seconds{10}});
  story.freezer();
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  const Instant began = story.now;
  EXPECT_EQ(story.told.at(quick).reply_deadline, began + milliseconds{2500});
  story.pass(milliseconds{500});
  story.yes(quick);
  EXPECT_EQ(story.told.at(slow).reply_deadline, began + seconds{5});
}

TEST(Budgets, EachMemberHasItsOwnTimeout) {
  EventStory story;
  const auto brief =
      story.writer("brief", {.criticality = Criticality::kOptional, .timeout = milliseconds{300}});
  const auto usual = story.writer("usual");
  story.freezer();
  story.check();
  story.pass(milliseconds{300});
  EXPECT_FALSE(story.asked(brief));
  EXPECT_EQ(story.asked(usual), kCheck);
}

struct MoreTime : testing::Test {
  EventStory story;
  ParticipantId first = story.writer_at("first", 50);
  ParticipantId second = story.writer_at("second", 100);
  ParticipantId freezer = story.freezer();

  Duration ask(ParticipantId id, Duration duration) {
    story.happens(MoreTimeAsked{id, story.told.at(id).message_id, duration});
    return story.last_of<GrantTime>().at(0).granted;
  }
};

TEST_F(MoreTime, IsGrantedOutOfTheLevelsOwnShare) {
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  EXPECT_EQ(ask(first, milliseconds{2200}), milliseconds{2200});
  EXPECT_EQ(ask(first, seconds{30}), milliseconds{2500}) << "the other half is the next level's";
  story.pass(milliseconds{2400});
  story.yes(first);
  EXPECT_EQ(story.told.at(second).reply_deadline, story.now + seconds{2});
}

TEST_F(MoreTime, CannotBeStretchedForEver) {
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  const Instant began = story.now;
  while (story.phase() == Phase::kFreezeWriters) {
    ask(first, seconds{1});
    story.pass(milliseconds{100});
  }
  EXPECT_EQ(story.now, began + milliseconds{2500});
  EXPECT_FALSE(story.answer_to(1)->success);
}

TEST_F(MoreTime, IsNotGrantedForAQuestionThatIsOver) {
  story.freeze();
  const Tell tell = story.told.at(first);
  story.yes(first);
  story.happens(MoreTimeAsked{first, tell.message_id, seconds{1}});
  EXPECT_EQ(story.last_of<GrantTime>().at(0).granted, Duration{0});
}

TEST_F(MoreTime, DoesNotTakeAwayWhatWasGrantedBefore) {
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  EXPECT_EQ(ask(first, milliseconds{1}), seconds{2});
}

TEST_F(MoreTime, OfAnOptionalWriterInPrepareEndsWithItsLevelsShare) {
  const auto optional = story.optional_writer("optional", 10);
  story.freeze();
  EXPECT_EQ(ask(optional, seconds{100}), milliseconds{7500});
}

TEST_F(MoreTime, OfTheFreezerEndsWithThePhase) {
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeFilesystems);
  EXPECT_EQ(ask(freezer, seconds{100}), seconds{10});
}

// Nobody ever answers anything, with and without a freezer, at every point where they could stop.
TEST(Liveness, EveryTransactionEndsWithinItsBudgetsWhateverIsSilent) {
  for (int answers = 0; answers < 12; ++answers) {
    EventStory story;
    for (int level = 1; level <= 3; ++level) {
      story.writer_at(("w" + std::to_string(level)).c_str(), level);
    }
    story.freezer();
    story.freeze();
    for (int i = 0; i < answers && !story.unanswered.empty(); ++i) {
      const auto id = story.unanswered.front();
      const bool frozen = story.told.at(id).operation == kFreeze;
      story.yes(id, counts_of(2, frozen ? 2 : 0));
    }
    const Instant began = story.record().began;
    while (story.phase() != Phase::kIdle) {
      ASSERT_FALSE(story.next_deadline.is_never()) << "a deadline is always set while it is open";
      story.now = later_of(story.now, story.next_deadline);
      story.happens(Tick{});
      ASSERT_LE(story.now - began, seconds{45 + 10 + 60 + 4 + 20});
    }
    EXPECT_EQ(story.all_of<Answer>().size(), 1U);
    EXPECT_FALSE(story.record().sentence.empty());
    EXPECT_EQ(story.all_of<KeepRecord>().size(), 1U);
  }
}

TEST(Liveness, ATickThatComesEarlyIsHarmless) {
  EventStory story;
  story.writer("writer");
  story.freezer();
  story.freeze();
  const Instant deadline = story.next_deadline;
  for (int i = 0; i < 10; ++i) {
    story.now = story.now + milliseconds{1};
    EXPECT_TRUE(story.happens(Tick{}).empty());
    EXPECT_EQ(story.next_deadline, deadline);
  }
}

TEST(Liveness, IdleHasNoDeadline) {
  EventStory story;
  story.happens(Tick{});
  EXPECT_TRUE(story.next_deadline.is_never());
}

}  // namespace
}  // namespace vss::coordinator
