// What a plain freezer left is settled: whatever its daemons, marks or later requests say then, it
// does not come back, not even with another driver.
#include <gtest/gtest.h>

#include <type_traits>

#include "coordinator/event_story.hpp"
#include "coordinator/waiting_requests.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::seconds;

struct PlainSettled : testing::Test {
  EventStory story;
  ParticipantId writer = story.writer("writer");
  ParticipantId daemon = story.plain_freezer();

  void hold(RequesterKind kind = RequesterKind::kHyperV) {
    story.freeze({}, kind);
    story.all_say_yes(0, Phase::kHeld);
    ASSERT_EQ(story.phase(), Phase::kHeld);
  }
  void lose_in_hold(RequesterKind kind = RequesterKind::kHyperV) {
    hold(kind);
    story.leaves(daemon);
    std::erase(story.unanswered, daemon);
    story.pass(seconds{64});
    story.yes(writer);
    ASSERT_EQ(story.phase(), Phase::kIdle);
  }
  const OpenNote& last_note() {
    note_ = story.all_of<WriteNote>().back().note;
    return note_;
  }

 private:
  OpenNote note_;
};

TEST_F(PlainSettled, TheLateNoOfADaemonThatHungIsNoNewDebt) {
  hold();
  story.thaw();
  story.pass(seconds{64});
  story.yes(writer);
  EXPECT_EQ(story.coordinator.left_frozen(), kFirstTransaction);
  story.abort_as_thawed();
  story.no(daemon, "Invalid argument");
  EXPECT_EQ(story.coordinator.not_ready().view(), "");
  EXPECT_FALSE(story.coordinator.left_frozen().valid());
  EXPECT_EQ(story.all_of<TellKernelLog>().size(), 2U);
  story.freeze();
  story.all_say_yes(0, Phase::kHeld);
  EXPECT_EQ(story.phase(), Phase::kHeld);
}

TEST_F(PlainSettled, TheNoOfASuccessorAfterAnAdministratorsWordIsNoNewDebt) {
  lose_in_hold();
  const auto successor = story.plain_freezer();
  story.abort_as_thawed();
  story.no(successor, "Invalid argument");
  EXPECT_EQ(story.coordinator.not_ready().view(), "");
}

TEST_F(PlainSettled, NoMarkSpeaksForIt) {
  hold();
  story.happens(ThawedMark{kFirstTransaction});
  EXPECT_EQ(story.phase(), Phase::kHeld);
  story.leaves(daemon);
  story.happens(ThawedMark{kFirstTransaction});
  EXPECT_EQ(story.coordinator.left_frozen(), kFirstTransaction);
}

// --- the note ---

TEST_F(PlainSettled, TheNoteOwesNothingBeforeTheDaemonIsToldToFreeze) {
  story.freeze();
  story.all_say_yes(0, Phase::kFreezeWriters);
  EXPECT_FALSE(last_note().freezer_owes);
  story.yes(writer);
  ASSERT_EQ(story.asked(daemon), kFreeze);
  EXPECT_TRUE(last_note().freezer_owes);
  const std::vector<Action>& actions = story.last;
  const auto at = [&]<typename Kind>(std::type_identity<Kind>) {
    return std::ranges::find_if(
        actions, [](const Action& action) { return std::holds_alternative<Kind>(action); });
  };
  EXPECT_LT(at(std::type_identity<WriteNote>{}), at(std::type_identity<Tell>{}));
}

TEST_F(PlainSettled, TheNoteOfAnExpiredHoldThatTheHostHasNotThawedOwesNothing) {
  hold();
  story.pass(seconds{60});
  story.all_say_yes();
  ASSERT_EQ(story.phase(), Phase::kIdle);
  EXPECT_TRUE(story.all_of<CloseNote>().empty()) << "the host is owed its failure";
  EXPECT_FALSE(last_note().freezer_owes);
  EXPECT_TRUE(last_note().answered);
}

TEST_F(PlainSettled, TheNoteOwesNothingAfterASuccessorsYes) {
  lose_in_hold();
  EXPECT_TRUE(last_note().freezer_owes);
  story.yes(story.plain_freezer());
  EXPECT_FALSE(last_note().freezer_owes);
  EXPECT_EQ(last_note().transaction, kFirstTransaction);
}

TEST_F(PlainSettled, TheNoteIsClosedHoweverManyRequestsWereRefusedMeanwhile) {
  lose_in_hold(RequesterKind::kLocal);
  story.gone();
  for (std::size_t i = 0; i <= EndedTransactions::kLimit; ++i)
    story.freeze();
  EXPECT_TRUE(story.all_of<CloseNote>().empty());
  story.yes(story.plain_freezer());
  EXPECT_EQ(story.all_of<CloseNote>().size(), 1U);
}

TEST_F(PlainSettled, TheNoteOfATransactionThatIsStillOpenStays) {
  hold();
  story.leaves(daemon);
  story.yes(story.plain_freezer());
  EXPECT_EQ(story.phase(), Phase::kThawWriters);
  EXPECT_TRUE(story.all_of<CloseNote>().empty());
}

TEST_F(PlainSettled, TheNoteOfAVssFreezerOwesNothingEitherOnceItHasThawed) {
  EventStory ours;
  ours.freezer();
  ours.freeze();
  ours.all_say_yes(2, Phase::kHeld);
  EXPECT_TRUE(ours.all_of<WriteNote>().back().note.freezer_owes);
  ours.pass(seconds{60});
  ours.all_say_yes();
  EXPECT_TRUE(ours.all_of<CloseNote>().empty());
  EXPECT_FALSE(ours.all_of<WriteNote>().back().note.freezer_owes);
}

// --- what an administrator is told first ---

TEST(PlainLeftFrozen, IsSaidRatherThanThatTheConfigurationIsWrong) {
  Policy policy = default_policy();
  policy.standing_veto = "the configuration is wrong: line 3";
  EventStory story(policy);
  EXPECT_EQ(story.coordinator.not_ready().view(), "the configuration is wrong: line 3");
  story.happens(NoteFound{{.transaction = kFirstTransaction,
                           .requester = "vssctl",
                           .freezer_owes = true,
                           .freezer_plain = true}});
  EXPECT_NE(story.coordinator.not_ready().view().find("may be frozen still"),
            std::string_view::npos);
  story.freeze();
  EXPECT_NE(story.answer_to(1)->reason.view().find("may be frozen still"), std::string_view::npos);
  story.abort_as_thawed();
  EXPECT_EQ(story.coordinator.not_ready().view(), "the configuration is wrong: line 3");
}

}  // namespace
}  // namespace vss::coordinator
