// The order of FreeBSD's driver that is kept, and its weaknesses that are not: plain clients on
// both devices, as programs written for it would be.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::seconds;

struct OriginalOrder : testing::Test {
  EventStory story;

  std::vector<std::pair<ParticipantId, Operation>> told() const {
    std::vector<std::pair<ParticipantId, Operation>> order;
    for (const Tell& tell : story.all_of<Tell>())
      order.emplace_back(tell.id, tell.operation);
    return order;
  }
};

TEST_F(OriginalOrder, CheckAndFreezeAskTheApplicationFirstThawTheFilesystems) {
  const auto application = story.plain_writer("plain:1");
  const auto daemon = story.plain_freezer();
  story.check();
  story.all_say_yes(0);
  story.freeze();
  story.all_say_yes(0, Phase::kHeld);
  story.thaw();
  story.all_say_yes(0);
  using Pair = std::pair<ParticipantId, Operation>;
  EXPECT_EQ(told(), (std::vector<Pair>{{application, kCheck},
                                       {daemon, kCheck},
                                       {application, kFreeze},
                                       {daemon, kFreeze},
                                       {daemon, kThaw},
                                       {application, kThaw}}));
  EXPECT_TRUE(story.answer_to(3)->success);
}

TEST_F(OriginalOrder, WorksWithoutAnyApplication) {
  story.plain_freezer();
  story.check();
  story.all_say_yes(0);
  story.freeze();
  story.all_say_yes(0, Phase::kHeld);
  story.thaw();
  story.all_say_yes(0);
  for (std::uint32_t tag = 1; tag <= 3; ++tag)
    EXPECT_TRUE(story.answer_to(tag)->success);
}

TEST_F(OriginalOrder, ManyApplicationsTakePart) {
  std::vector<ParticipantId> applications;
  for (int i = 0; i < 20; ++i) {
    applications.push_back(story.plain_writer(("plain:" + std::to_string(i)).c_str()));
  }
  story.plain_freezer();
  story.freeze();
  EXPECT_EQ(story.unanswered, applications);
}

TEST_F(OriginalOrder, AnApplicationThatFrozeIsThawedWhenTheFilesystemsFailOrAreLate) {
  for (const bool late : {false, true}) {
    EventStory fresh;
    const auto application = fresh.plain_writer("plain:1");
    const auto daemon = fresh.plain_freezer();
    fresh.freeze();
    fresh.yes(application);
    if (late) {
      fresh.pass(seconds{10});
    } else {
      fresh.no(daemon);
    }
    EXPECT_FALSE(fresh.answer_to(1)->success);
    EXPECT_EQ(fresh.asked(daemon), kThaw);
    fresh.yes(daemon);
    EXPECT_EQ(fresh.asked(application), kThaw);
  }
}

TEST_F(OriginalOrder, ADaemonThatFreezesAfterItsTimeIsToldToRollBackAndThenToThaw) {
  const auto daemon = story.plain_freezer();
  story.freeze();
  const Tell freeze = story.told.at(daemon);
  story.pass(seconds{10});
  EXPECT_EQ(story.asked(daemon), kThaw);
  story.happens(Answered{.id = daemon,
                         .message_id = freeze.message_id,
                         .operation_raw = operation_raw(kFreeze),
                         .success = true,
                         .reason = {},
                         .filesystems = {}});
  EXPECT_EQ(story.last_of<TellLate>().size(), 1U);
  story.yes(daemon);
  EXPECT_EQ(story.phase(), Phase::kIdle);
}

TEST_F(OriginalOrder, TheApplicationIsThawedThoughTheFilesystemsThawFails) {
  const auto application = story.plain_writer("plain:1");
  const auto daemon = story.plain_freezer();
  story.freeze();
  story.all_say_yes(0, Phase::kHeld);
  story.thaw();
  story.no(daemon);
  EXPECT_EQ(story.asked(application), kThaw);
  story.yes(application);
  EXPECT_FALSE(story.answer_to(2)->success);
}

TEST_F(OriginalOrder, ADaemonThatDiesWithARequestIsNotWaitedForAndItsSuccessorNeverSeesIt) {
  story.plain_writer("plain:1");
  const auto daemon = story.plain_freezer();
  story.freeze();
  story.all_say_yes(0, Phase::kFreezeFilesystems);
  ASSERT_EQ(story.asked(daemon), kFreeze);
  story.leaves(daemon);
  EXPECT_FALSE(story.answer_to(1)->success) << "at once";
  const auto successor = story.plain_freezer();
  std::erase(story.unanswered, daemon);
  story.all_say_yes(0);
  EXPECT_EQ(story.story_of(successor), std::vector{kThaw}) << "of what may be frozen, no more";
  EXPECT_EQ(story.phase(), Phase::kIdle);
}

TEST_F(OriginalOrder, AnApplicationThatAnswersWhileTheDaemonIsGoneGetsTheRequestAnswered) {
  const auto application = story.plain_writer("plain:1");
  const auto daemon = story.plain_freezer();
  story.freeze();
  story.leaves(daemon);
  ASSERT_TRUE(story.answer_to(1));
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.asked(application), kThaw) << "a new request cannot overlap";
  story.freeze();
  EXPECT_FALSE(story.answer_to(2)->success);
  story.yes(application);
  EXPECT_EQ(story.phase(), Phase::kIdle);
}

TEST_F(OriginalOrder, AnApplicationThatDiesReleasesItsRequestAtOnce) {
  const auto application = story.plain_writer("plain:1");
  story.plain_freezer();
  story.freeze();
  story.leaves(application);
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  story.freeze();
  story.all_say_yes(0, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(2)->success) << "it costs one backup, not every one";
}

TEST_F(OriginalOrder, ClosingAndOpeningAgainRegistersAgain) {
  auto application = story.plain_writer("plain:1");
  auto daemon = story.plain_freezer();
  story.leaves(application);
  story.leaves(daemon);
  application = story.plain_writer("plain:1");
  daemon = story.plain_freezer();
  story.freeze();
  EXPECT_EQ(story.asked(application), kFreeze);
  story.yes(application);
  EXPECT_EQ(story.asked(daemon), kFreeze);
}

TEST_F(OriginalOrder, ASlowApplicationDoesNotStarveTheFilesystems) {
  story.writer("slow", {.timeout = seconds{30}, .plain = true});
  const auto daemon = story.plain_freezer();
  story.freeze();
  story.pass(seconds{4});
  story.yes(story.unanswered.front());
  ASSERT_EQ(story.asked(daemon), kFreeze);
  EXPECT_GE(story.told.at(daemon).reply_deadline - story.now, seconds{5});
}

TEST_F(OriginalOrder, ThawWithoutFreezeTellsNobodyAnything) {
  story.plain_writer("plain:1");
  story.plain_freezer();
  story.thaw();
  EXPECT_TRUE(story.answer_to(1)->success);
  EXPECT_TRUE(story.all_of<Tell>().empty());
}

TEST_F(OriginalOrder, ASecondFreezeIsRefusedAndTellsNobodyAnything) {
  story.plain_writer("plain:1");
  story.plain_freezer();
  story.freeze();
  story.all_say_yes(0, Phase::kHeld);
  const std::size_t before = story.all_of<Tell>().size();
  story.freeze();
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.all_of<Tell>().size(), before);
}

}  // namespace
}  // namespace vss::coordinator
