// THAW: its order, what it waits for, and when it must say that the copy may be torn (promise 5).
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::milliseconds;
using base::seconds;

struct Thaw : testing::Test {
  EventStory story;
  ParticipantId application = story.writer_at("application", 50);
  ParticipantId database = story.writer_at("database", 100);
  ParticipantId freezer = story.freezer();

  void hold_and_thaw() {
    story.freeze();
    story.all_say_yes(2, Phase::kHeld);
    story.thaw();
    ASSERT_EQ(story.asked(freezer), kThaw);
  }
  // Tag 2 is the THAW.
  void expect_torn(std::string_view reason) {
    story.all_say_yes(2);
    ASSERT_TRUE(story.answer_to(2));
    EXPECT_FALSE(story.answer_to(2)->success);
    EXPECT_EQ(story.answer_to(2)->reason.view(), reason);
    EXPECT_EQ(story.record().result, Result::kTorn);
    story.thaw();
    EXPECT_TRUE(story.answer_to(3)->success) << "once, then idempotent";
  }
};

TEST_F(Thaw, WritersWaitForTheFilesystemsAndTheAnswerForTheWriters) {
  hold_and_thaw();
  EXPECT_FALSE(story.asked(database));
  story.yes(freezer, counts_of(2));
  EXPECT_EQ(story.asked(database), kThaw);
  EXPECT_FALSE(story.asked(application));
  story.yes(database);
  EXPECT_EQ(story.asked(application), kThaw);
  EXPECT_FALSE(story.answer_to(2));
  story.yes(application);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.answer_to(2)->grade, Grade::kApplication);
}

TEST_F(Thaw, TheEndIsInThisOrder) {
  hold_and_thaw();
  story.all_say_yes(2);
  ASSERT_EQ(story.last.size(), 5U);
  EXPECT_TRUE(std::holds_alternative<Answer>(story.last[0]));
  EXPECT_TRUE(std::holds_alternative<CloseNote>(story.last[1]));
  EXPECT_TRUE(std::holds_alternative<LeaveFreezeWindow>(story.last[2]));
  EXPECT_TRUE(std::holds_alternative<KeepRecord>(story.last[3]));
  ASSERT_TRUE(std::holds_alternative<Notify>(story.last[4])) << "whoever is bound waits for it";
  EXPECT_EQ(std::get<Notify>(story.last[4]).what, Notify::What::kEnded);
}

TEST_F(Thaw, WithNothingOpenIsSuccess) {
  story.thaw();
  EXPECT_TRUE(story.answer_to(1)->success);
  EXPECT_TRUE(story.all_of<KeepRecord>().empty());
}

TEST_F(Thaw, RepeatedIsIdempotentSuccess) {
  hold_and_thaw();
  story.all_say_yes(2);
  story.thaw();
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_TRUE(story.answer_to(3)->success);
}

TEST_F(Thaw, RepeatedWhileItRunsGetsTheSameAnswer) {
  hold_and_thaw();
  story.thaw();
  EXPECT_EQ(story.story_of(freezer), (std::vector{kPrepare, kFreeze, kThaw}));
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_TRUE(story.answer_to(3)->success);
  EXPECT_EQ(story.all_of<Answer>().size(), 3U);
}

TEST_F(Thaw, FailsWhenAFilesystemWasThawedBySomeoneElse) {
  hold_and_thaw();
  FilesystemCounts counts = counts_of(2);
  counts.thawed_by_others = 1;
  story.answer(freezer, false, "/srv (xfs 8:1) was found thawed", counts);
  expect_torn(
      "1 filesystem thawed by someone else (/srv (xfs 8:1) was found thawed): the "
      "copy may be torn; look for another backup agent (qemu-ga, fsfreeze -u)");
}

TEST_F(Thaw, FailsWhenTheGuardianActed) {
  hold_and_thaw();
  FilesystemCounts counts = counts_of(2);
  counts.thawed_by_guardian = 2;
  story.yes(freezer, counts);
  expect_torn(
      "2 filesystems had to be thawed by the guardian: the copy may be torn; see the logs of "
      "vss-freezer and vss-guardian");
}

TEST_F(Thaw, FailsWhenARequiredWriterSaysThatItDidNotHold) {
  hold_and_thaw();
  story.yes(freezer, counts_of(2));
  story.no(database, "my lock was broken");
  expect_torn("writer 'database' (level 100, required) refused THAW: my lock was broken");
}

TEST_F(Thaw, FailsWhenARequiredWriterDoesNotConfirmThatItHeld) {
  hold_and_thaw();
  story.yes(freezer, counts_of(2));
  story.pass(seconds{2});
  EXPECT_EQ(story.asked(application), kThaw) << "the next level is released all the same";
  std::erase(story.unanswered, database);
  expect_torn(
      "writer 'database' (level 100, required) did not answer THAW within 2.0 s; see its log, "
      "raise its timeout, or make it optional");
}

TEST_F(Thaw, FailsWhenARequiredWriterIsLostBeforeItConfirmed) {
  hold_and_thaw();
  story.leaves(database);
  expect_torn(
      "writer 'database' (level 100, required) was lost in phase 'thaw filesystems': closed; see "
      "its log");
}

TEST_F(Thaw, SucceedsWhenAWriterLeavesAfterItConfirmed) {
  hold_and_thaw();
  story.yes(freezer, counts_of(2));
  story.yes(database);
  story.leaves(database);
  story.yes(application);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.sentence().substr(0, 34), "application-consistent: 2 writers ");
}

TEST(ThawOfOptional, DoesNotFailTheSnapshot) {
  EventStory story;
  const auto silent = story.optional_writer("silent");
  const auto refusing = story.optional_writer("refusing");
  story.freezer();
  story.freeze();
  story.all_say_yes(1, Phase::kHeld);
  story.thaw();
  story.yes(story.unanswered.front(), counts_of(1));
  story.no(refusing);
  EXPECT_EQ(story.asked(silent), kThaw);
  story.pass(seconds{2});
  EXPECT_TRUE(story.answer_to(2)->success);
}

TEST_F(Thaw, ReleasesTheWritersWhenTheFreezerFailsButNothingIsFrozen) {
  hold_and_thaw();
  story.no(freezer, counts_of(2));
  EXPECT_EQ(story.asked(database), kThaw);
  expect_torn("the freezer could not thaw: no");
}

TEST_F(Thaw, ConfirmedByAStatusAloneReleasesTheWritersAndIsNoGoodCopy) {
  hold_and_thaw();
  story.happens(FreezerStatus{
      freezer,
      {.clean = true, .guardian_alive = true, .last_thawed = kFirstTransaction, .reason = {}}});
  story.yes(database);
  story.yes(application);
  ASSERT_TRUE(story.answer_to(2));
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(
      story.sentence(),
      "the freezer thawed and did not answer THAW, so nobody knows whether something had been "
      "thawed before: the copy may be torn; see the log of vss-freezer");
}

TEST_F(Thaw, AnsweredAfterTheStatusStillTellsOfAForeignThaw) {
  hold_and_thaw();
  story.happens(FreezerStatus{
      freezer,
      {.clean = true, .guardian_alive = true, .last_thawed = kFirstTransaction, .reason = {}}});
  FilesystemCounts counts = counts_of(2);
  counts.thawed_by_others = 1;
  story.yes(freezer, counts);
  story.yes(database);
  story.yes(application);
  EXPECT_EQ(story.record().result, Result::kTorn);
  EXPECT_EQ(story.record().filesystems.thawed_by_others, 1U);
}

TEST_F(Thaw, WaitsForTheStatusWhenSomethingIsStillInFlight) {
  hold_and_thaw();
  FilesystemCounts counts = counts_of(2);
  counts.in_flight = 1;
  story.no(freezer, counts);
  EXPECT_FALSE(story.asked(database));
  story.happens(FreezerStatus{
      freezer, {.clean = false, .guardian_alive = true, .last_thawed = {}, .reason = "/srv"}});
  EXPECT_FALSE(story.asked(database));
  story.happens(FreezerStatus{freezer, EventStory::clean()});
  EXPECT_EQ(story.asked(database), kThaw);
}

TEST_F(Thaw, IsAnsweredWithinItsBudgetThoughTheFreezerIsSilent) {
  hold_and_thaw();
  story.pass(seconds{20} - milliseconds{1});
  EXPECT_FALSE(story.answer_to(2));
  story.pass(milliseconds{1});
  ASSERT_TRUE(story.answer_to(2));
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.answer_to(2)->reason.view(),
            "not everything runs again after 20.0 s (thaw filesystems): it is still being tried; "
            "`vssctl status` shows what it waits for");
  EXPECT_EQ(story.phase(), Phase::kThawFilesystems);
  EXPECT_FALSE(story.asked(database)) << "filesystems thaw before writers are released";
  story.pass(seconds{44});
  EXPECT_EQ(story.asked(database), kThaw);
  story.yes(database);
  story.yes(application);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  story.thaw();
  EXPECT_TRUE(story.answer_to(3)->success) << "the failure was said in time already";
}

TEST_F(Thaw, ByReleaseNamesTheTransaction) {
  SnapshotOptions unbound;
  unbound.bound_to_requester = false;
  story.freeze(unbound, RequesterKind::kLocal);
  story.all_say_yes(2, Phase::kHeld);
  story.release(TransactionId{kFirstTransaction.value + 7});
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.answer_to(2)->reason.view(),
            "transaction 3e8-8 is not open; `vssctl explain 3e8-8` shows its record, if there is "
            "one");
  EXPECT_EQ(story.phase(), Phase::kHeld);
  story.release(kFirstTransaction);
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(3)->success);
}

TEST_F(Thaw, ByReleaseOfAnEndedTransactionFailsAndSaysWhy) {
  SnapshotOptions unbound;
  unbound.bound_to_requester = false;
  story.freeze(unbound, RequesterKind::kLocal);
  story.all_say_yes(2, Phase::kHeld);
  story.gone();
  story.pass(seconds{30});
  story.all_say_yes(2);
  for (std::uint32_t tag = 2; tag <= 3; ++tag) {
    story.release(kFirstTransaction);
    EXPECT_FALSE(story.answer_to(tag)->success) << "every time";
    EXPECT_EQ(story.answer_to(tag)->reason.view().substr(0, 70),
              "transaction 3e8-1 ended before: the hold reached its deadline of 30.0 ");
  }
}

TEST_F(Thaw, ByReleaseOfAnothersHoldTellsItsOwnerThatItEnded) {
  SnapshotOptions unbound;
  unbound.bound_to_requester = false;
  story.freeze(unbound, RequesterKind::kLocal);
  story.all_say_yes(2, Phase::kHeld);
  story.release(kFirstTransaction);
  EXPECT_TRUE(story.all_of<Notify>().empty());
  story.all_say_yes(2);
  ASSERT_EQ(story.all_of<Notify>().size(), 1U);
  EXPECT_EQ(story.all_of<Notify>()[0].requester, kHost);
  EXPECT_EQ(story.all_of<Notify>()[0].what, Notify::What::kEnded);
  EXPECT_TRUE(story.all_of<Notify>()[0].success);
}

TEST_F(Thaw, ByReleaseOfWhatIsBoundToAnotherIsRefused) {
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  story.release(kFirstTransaction);
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.answer_to(2)->reason.view(),
            "transaction 3e8-1 belongs to 'host', which has to end it itself; `vssctl thaw` aborts "
            "it");
  EXPECT_EQ(story.phase(), Phase::kHeld);
  story.release(kFirstTransaction, kHost);
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(3)->success);
}

TEST_F(Thaw, ByReleaseBeforeTheHoldTouchesNothing) {
  story.freeze();
  story.release(kFirstTransaction);
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.phase(), Phase::kPrepare);
  story.all_say_yes(2, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(1)->success);
}

}  // namespace
}  // namespace vss::coordinator
