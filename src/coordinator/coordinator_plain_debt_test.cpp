// What a plain freezer leaves frozen when it dies: on Linux nobody thaws it, so it is owed until a
// successor does, or an administrator says so.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::seconds;

constexpr std::string_view kLeftFrozen =
    "what a daemon at /dev/hv_fsvss_dev froze for transaction 3e8-1 may be frozen still, and "
    "nobody thaws it: start that daemon again, or thaw by `fsfreeze -u MOUNTPOINT` and then run "
    "`vssctl thaw --force`";
constexpr std::string_view kThawedAtLast = "nothing of transaction 3e8-1 is frozen any more";

struct PlainDebt : testing::Test {
  EventStory story;
  ParticipantId writer = story.writer("writer");
  ParticipantId daemon = story.plain_freezer();

  void hold() {
    story.freeze();
    story.all_say_yes(0, Phase::kHeld);
    ASSERT_EQ(story.phase(), Phase::kHeld);
  }
  void lose(ParticipantId freezer) {
    story.leaves(freezer);
    std::erase(story.unanswered, freezer);
  }
  void lose_in_hold() {
    hold();
    lose(daemon);
  }
  // Until the writers are released without a word of the filesystems.
  void lose_and_end() {
    lose_in_hold();
    story.pass(seconds{64});
    story.yes(writer);
    ASSERT_EQ(story.phase(), Phase::kIdle);
  }
  std::vector<std::string> kernel_log() const {
    std::vector<std::string> lines;
    for (const TellKernelLog& line : story.all_of<TellKernelLog>())
      lines.emplace_back(line.text.view());
    return lines;
  }
  bool owes() const {
    return story.all_of<EnterFreezeWindow>().size() > story.all_of<LeaveFreezeWindow>().size();
  }
};

TEST_F(PlainDebt, OfOneLostInTheHoldKeepsTheWritersUntilTheMarginIsOver) {
  lose_in_hold();
  EXPECT_EQ(story.phase(), Phase::kThawFilesystems);
  EXPECT_FALSE(story.asked(writer)) << "released, with the filesystems frozen";
  story.pass(seconds{64});
  EXPECT_EQ(story.asked(writer), kThaw);
  story.yes(writer);
  EXPECT_EQ(story.record().result, Result::kTorn);
  EXPECT_TRUE(story.record().released_without_freezer);
}

TEST_F(PlainDebt, KeepsTheFreezeWindowAndRefusesWhatComesNext) {
  lose_and_end();
  EXPECT_TRUE(owes());
  story.freeze();
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.answer_to(2)->reason.view(), kLeftFrozen);
  SnapshotOptions none;
  none.selection = Selection::kNone;
  story.freeze(none);
  EXPECT_FALSE(story.answer_to(3)->success);
  EXPECT_TRUE(owes());
}

TEST_F(PlainDebt, IsSaidOnceOnTheKernelsLogAndInTheStatusFromTheLossOn) {
  lose_in_hold();
  EXPECT_EQ(story.coordinator.not_ready().view(), kLeftFrozen);
  lose(story.plain_freezer());
  story.pass(seconds{64});
  story.yes(writer);
  EXPECT_EQ(story.coordinator.not_ready().view(), kLeftFrozen);
  EXPECT_EQ(kernel_log(), std::vector{std::string{kLeftFrozen}});
}

TEST_F(PlainDebt, ASuccessorIsToldThawAndItsYesSettlesIt) {
  lose_and_end();
  const auto successor = story.plain_freezer();
  EXPECT_EQ(story.asked(successor), kThaw);
  EXPECT_EQ(story.told.at(successor).transaction, kFirstTransaction);
  EXPECT_TRUE(story.told.at(successor).reply_deadline.is_never());
  EXPECT_TRUE(owes());
  story.freeze();
  EXPECT_FALSE(story.answer_to(2)->success);
  story.yes(successor);
  EXPECT_FALSE(owes());
  EXPECT_EQ(kernel_log(), (std::vector{std::string{kLeftFrozen}, std::string{kThawedAtLast}}));
  story.freeze();
  story.all_say_yes(0, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(3)->success);
}

TEST_F(PlainDebt, ASuccessorThatJoinsAfterARefusalIsToldOfTheRightTransaction) {
  lose_and_end();
  story.freeze();
  EXPECT_EQ(story.told.at(story.plain_freezer()).transaction, kFirstTransaction);
}

TEST_F(PlainDebt, ASuccessorThatThawsBeforeTheMarginIsOverReleasesTheWriters) {
  lose_in_hold();
  const auto successor = story.plain_freezer();
  EXPECT_FALSE(story.asked(writer));
  story.yes(successor);
  EXPECT_EQ(story.asked(writer), kThaw);
  story.yes(writer);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_FALSE(story.record().released_without_freezer);
  EXPECT_EQ(story.record().result, Result::kTorn);
  EXPECT_FALSE(owes());
}

TEST_F(PlainDebt, ASuccessorThatFailsOrGoesSettlesNothing) {
  lose_and_end();
  const auto failing = story.plain_freezer();
  story.no(failing);
  EXPECT_TRUE(owes());
  lose(failing);
  EXPECT_TRUE(owes());
  lose(story.plain_freezer());
  EXPECT_TRUE(owes());
  EXPECT_EQ(kernel_log().size(), 1U);
  story.yes(story.plain_freezer());
  EXPECT_FALSE(owes());
}

TEST_F(PlainDebt, ACleanVssFreezerDoesNotSpeakForIt) {
  lose_and_end();
  const auto ours = story.freezer();
  EXPECT_TRUE(owes()) << "its slots know nothing of it";
  story.happens(FreezerStatus{ours, EventStory::clean()});
  EXPECT_TRUE(owes());
  EXPECT_TRUE(story.story_of(ours).empty());
  lose(ours);
  EXPECT_TRUE(owes());
}

TEST_F(PlainDebt, ACleanVssFreezerReleasesNoWriters) {
  lose_in_hold();
  const auto ours = story.freezer();
  story.happens(FreezerStatus{ours, EventStory::clean()});
  EXPECT_EQ(story.phase(), Phase::kThawFilesystems);
}

TEST_F(PlainDebt, APlainOneIsNotToldToThawForAVssFreezer) {
  EventStory fresh;
  fresh.writer("writer");
  const auto ours = fresh.freezer();
  fresh.freeze();
  fresh.all_say_yes(2, Phase::kHeld);
  fresh.leaves(ours);
  EXPECT_TRUE(fresh.story_of(fresh.plain_freezer()).empty());
  EXPECT_TRUE(fresh.all_of<TellKernelLog>().empty()) << "the guardian says what it cannot thaw";
}

TEST_F(PlainDebt, OfOneThatCouldNotThawStaysAndKeepsNoWriters) {
  hold();
  story.thaw();
  story.no(daemon);
  EXPECT_EQ(story.asked(writer), kThaw);
  story.yes(writer);
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.answer_to(2)->reason.view(), kLeftFrozen);
  EXPECT_TRUE(owes());
  EXPECT_EQ(kernel_log().size(), 1U);
  lose(daemon);
  story.yes(story.plain_freezer());
  EXPECT_FALSE(owes());
}

TEST_F(PlainDebt, OfOneThatHangsInItsThawIsSaidWhenTheMarginIsOverAndEndsWithItsAnswer) {
  hold();
  story.thaw();
  story.pass(seconds{63});
  EXPECT_TRUE(kernel_log().empty());
  story.pass(seconds{1});
  EXPECT_EQ(kernel_log().size(), 1U);
  story.yes(writer);
  EXPECT_TRUE(owes());
  story.yes(daemon);
  EXPECT_FALSE(owes());
}

TEST_F(PlainDebt, OfOneLostWhileItFreezesIsOwedToo) {
  story.freeze();
  story.all_say_yes(0, Phase::kFreezeFilesystems);
  lose(daemon);
  EXPECT_FALSE(story.answer_to(1)->success) << "at once";
  EXPECT_EQ(story.phase(), Phase::kAbortFilesystems);
  EXPECT_TRUE(owes());
}

TEST_F(PlainDebt, OfOneLostBeforeItIsAskedToFreezeIsNone) {
  story.freeze();
  story.all_say_yes(0, Phase::kFreezeWriters);
  lose(daemon);
  story.all_say_yes(0);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_FALSE(owes());
  EXPECT_TRUE(kernel_log().empty());
}

TEST_F(PlainDebt, AnAdministratorsWordSettlesIt) {
  lose_and_end();
  story.abort();
  EXPECT_FALSE(story.answer_to(2)->success) << "`vssctl thaw` alone thaws nothing here";
  EXPECT_EQ(story.answer_to(2)->reason.view(), kLeftFrozen);
  EXPECT_TRUE(owes());
  story.abort_as_thawed();
  EXPECT_TRUE(story.answer_to(3)->success);
  EXPECT_FALSE(owes());
  EXPECT_EQ(kernel_log().back(), kThawedAtLast);
  EXPECT_NE(story.coordinator.not_ready().view(), kLeftFrozen);
}

TEST_F(PlainDebt, AnAdministratorsWordBeforeTheMarginIsOverReleasesTheWriters) {
  lose_in_hold();
  story.abort_as_thawed();
  EXPECT_EQ(story.asked(writer), kThaw);
  story.yes(writer);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_FALSE(owes());
}

TEST_F(PlainDebt, AnAdministratorsWordSettlesNothingOfALivingOneNorOfAVssFreezer) {
  hold();
  story.abort_as_thawed();
  EXPECT_EQ(story.asked(daemon), kThaw);
  EXPECT_EQ(story.phase(), Phase::kAbortFilesystems);

  EventStory fresh;
  const auto ours = fresh.freezer();
  fresh.freeze();
  fresh.all_say_yes(2, Phase::kHeld);
  fresh.leaves(ours);
  fresh.abort_as_thawed();
  EXPECT_EQ(fresh.phase(), Phase::kThawFilesystems);
}

// --- a driver that dies, too ---

TEST_F(PlainDebt, TheNoteSaysWhoseFreezerTakesPart) {
  hold();
  EXPECT_TRUE(story.all_of<WriteNote>().back().note.freezer_owes);
  EXPECT_TRUE(story.all_of<WriteNote>().back().note.freezer_plain);
  EventStory ours;
  ours.freezer();
  ours.freeze();
  EXPECT_TRUE(ours.all_of<WriteNote>().back().note.freezer_owes);
  EXPECT_FALSE(ours.all_of<WriteNote>().back().note.freezer_plain);
}

TEST_F(PlainDebt, KeepsItsNoteUntilItIsSettled) {
  SnapshotOptions held;
  held.bound_to_requester = false;
  story.freeze(held, RequesterKind::kLocal);
  story.all_say_yes(0, Phase::kHeld);
  lose(daemon);
  story.pass(seconds{64});
  story.yes(writer);
  story.thaw();
  EXPECT_TRUE(story.all_of<CloseNote>().empty());
  story.yes(story.plain_freezer());
  EXPECT_EQ(story.all_of<CloseNote>().size(), 1U);
}

TEST_F(PlainDebt, ItsNoteStaysForAHostThatHasNotHeardThatItsCopyIsTorn) {
  lose_and_end();
  story.yes(story.plain_freezer());
  EXPECT_TRUE(story.all_of<CloseNote>().empty());
  story.thaw();
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.all_of<CloseNote>().size(), 1U);
}

}  // namespace
}  // namespace vss::coordinator
