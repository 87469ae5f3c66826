// Plain clients: programs written for FreeBSD's device nodes, which know CHECK, FREEZE and THAW.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::seconds;

struct PlainClients : testing::Test {
  EventStory story;
  ParticipantId plain = story.plain_writer("plain:812");
  ParticipantId freezer = story.freezer();
};

TEST_F(PlainClients, SeeFreezeAndThawButNoPrepare) {
  story.freeze();
  EXPECT_FALSE(story.asked(plain));
  story.all_say_yes(2, Phase::kHeld);
  EXPECT_EQ(story.answer_to(1)->grade, Grade::kApplication);
  story.thaw();
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.story_of(plain), (std::vector{kFreeze, kThaw}));
}

TEST_F(PlainClients, SeeAnAbortAsThaw) {
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeFilesystems);
  story.no(freezer);
  story.all_say_yes(2);
  EXPECT_EQ(story.story_of(plain), (std::vector{kFreeze, kThaw}));
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_TRUE(story.entry("plain:812")->told_thaw);
  EXPECT_FALSE(story.entry("plain:812")->told_abort);
}

TEST_F(PlainClients, SeeNothingOfATransactionThatFailedInPrepare) {
  const auto writer = story.writer("writer");
  story.freeze();
  story.no(writer);
  story.all_say_yes(2);
  EXPECT_TRUE(story.story_of(plain).empty());
}

TEST_F(PlainClients, AreRequiredAtLevel100WhateverTheySay) {
  const auto other =
      story.writer("plain:9", {.level = 7, .criticality = Criticality::kOptional, .plain = true});
  for (const ParticipantView& view : story.coordinator.participants()) {
    if (view.id != other) continue;
    EXPECT_EQ(view.level, 100);
    EXPECT_EQ(view.criticality, Criticality::kRequired);
    EXPECT_TRUE(view.plain);
  }
  story.check();
  story.no(other);
  EXPECT_FALSE(story.answer_to(1)->success);
}

TEST_F(PlainClients, ThatDidNotReadInTimeNoLongerFindTheFreezeButTheThaw) {
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  const std::uint64_t freeze = story.told.at(plain).message_id;
  story.pass(seconds{2});
  ASSERT_EQ(story.all_of<Withdraw>().size(), 1U);
  EXPECT_EQ(story.all_of<Withdraw>()[0].message_id, freeze);
  story.all_say_yes(2);
  EXPECT_EQ(story.story_of(plain), (std::vector{kFreeze, kThaw}));
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_EQ(story.all_of<Withdraw>().size(), 1U) << "a THAW is never withdrawn";
}

TEST_F(PlainClients, ThatJoinInMidTransactionSeeNoUnmatchedThaw) {
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  const auto late = story.plain_writer("plain:900");
  story.thaw();
  story.all_say_yes(2);
  EXPECT_TRUE(story.story_of(late).empty());
}

TEST_F(PlainClients, AnsweringAThawLateAreNotInTheWayOfTheNextTransaction) {
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  story.thaw();
  story.yes(freezer, counts_of(2));
  const Tell thaw = story.told.at(plain);
  story.pass(seconds{2});
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_FALSE(story.answer_to(2)->success);
  story.happens(Answered{.id = plain,
                         .message_id = thaw.message_id,
                         .operation_raw = operation_raw(kThaw),
                         .success = true,
                         .reason = {},
                         .filesystems = {}});
  EXPECT_TRUE(story.last.empty()) << "it did what it was told";
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(3)->success);
}

struct PlainFreezer : testing::Test {
  EventStory story;
  ParticipantId writer = story.writer("writer");
  ParticipantId freezer = story.plain_freezer();

  void hold() {
    story.freeze();
    story.all_say_yes(0, Phase::kHeld);
    ASSERT_EQ(story.phase(), Phase::kHeld);
  }
};

TEST_F(PlainFreezer, ItsWordIsTakenWithoutPrepareGuardianOrCounts) {
  hold();
  EXPECT_TRUE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->grade, Grade::kApplication);
  story.thaw();
  EXPECT_EQ(story.asked(freezer), kThaw);
  story.all_say_yes(0);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.story_of(freezer), (std::vector{kFreeze, kThaw}));
  EXPECT_TRUE(story.record().freezer_plain);
  EXPECT_EQ(story.sentence(),
            "application-consistent: 1 writer and the filesystems of a plain freezer, whose word "
            "was taken, held for 0.0 s");
}

TEST_F(PlainFreezer, AloneReachesTheGradeFilesystem) {
  EventStory alone;
  alone.plain_freezer();
  alone.freeze();
  alone.all_say_yes(0, Phase::kHeld);
  EXPECT_TRUE(alone.answer_to(1)->success);
  EXPECT_EQ(alone.answer_to(1)->grade, Grade::kFilesystem);
}

TEST_F(PlainFreezer, ThatFailsToThawStillReleasesTheWriters) {
  hold();
  story.thaw();
  story.no(freezer, "");
  EXPECT_EQ(story.asked(writer), kThaw);
  story.yes(writer);
  EXPECT_FALSE(story.answer_to(2)->success);
}

TEST_F(PlainFreezer, SeesAnAbortAsThaw) {
  story.freeze();
  story.all_say_yes(0, Phase::kFreezeFilesystems);
  story.abort();
  EXPECT_EQ(story.asked(freezer), kThaw);
}

TEST_F(PlainFreezer, SeesNothingWhenTheWritersRefuse) {
  story.freeze();
  story.no(writer);
  story.all_say_yes(0);
  EXPECT_TRUE(story.story_of(freezer).empty());
  EXPECT_EQ(story.phase(), Phase::kIdle);
}

TEST_F(PlainFreezer, ThatClosesAndOpensAgainServesTheNextRequest) {
  story.leaves(freezer);
  EXPECT_FALSE(story.coordinator.not_ready().empty());
  story.plain_freezer();
  EXPECT_TRUE(story.coordinator.not_ready().empty());
  hold();
}

}  // namespace
}  // namespace vss::coordinator
