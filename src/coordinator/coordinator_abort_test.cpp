// ABORT: whoever wants it and whenever, everybody who was told something is told that it is over,
// once.
#include <gtest/gtest.h>

#include <array>
#include <tuple>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::seconds;

struct Abort : testing::TestWithParam<Phase> {
  EventStory story;
  ParticipantId application = story.writer_at("application", 50);
  ParticipantId database = story.writer_at("database", 100);
  ParticipantId freezer = story.freezer();

  void reach(Phase phase) {
    story.freeze();
    story.all_say_yes(2, phase);
    ASSERT_EQ(story.phase(), phase);
  }
  // Promise 2.
  void expect_everybody_ended_once() {
    EXPECT_EQ(story.phase(), Phase::kIdle);
    for (const ParticipantId id : {application, database, freezer}) {
      const auto told = story.story_of(id);
      const auto ends = std::ranges::count_if(
          told, [](Operation operation) { return operation == kThaw || operation == kAbort; });
      const auto begins = std::ranges::count_if(
          told, [](Operation operation) { return operation == kPrepare || operation == kFreeze; });
      EXPECT_EQ(ends, begins > 0 ? 1 : 0);
    }
  }
};

TEST_P(Abort, ByAnAdministratorIsAnsweredWhenEverythingRuns) {
  reach(GetParam());
  const bool held = GetParam() == Phase::kHeld;
  story.abort();
  EXPECT_FALSE(story.answer_to(2));
  if (held) {
    EXPECT_EQ(story.phase(), Phase::kAbortFilesystems);
    EXPECT_EQ(story.asked(freezer), kAbort);
    EXPECT_EQ(story.all_of<Notify>().back().what, Notify::What::kAborted);
  } else {
    ASSERT_TRUE(story.answer_to(1)) << "the FREEZE fails at once";
    EXPECT_FALSE(story.answer_to(1)->success);
  }
  story.all_say_yes(2);
  ASSERT_TRUE(story.answer_to(2));
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.record().result, held ? Result::kTorn : Result::kAborted);
  EXPECT_EQ(story.record().sentence.view(),
            "aborted by 'vssctl' in phase '" + std::string{to_text(GetParam())} + "'");
  expect_everybody_ended_once();
}

struct AbortUnanswered : Abort {};

TEST_P(AbortUnanswered, ByTheOwnersThawAnswersTheFreezeFirstAndTheThawWhenEverythingRuns) {
  reach(GetParam());
  story.thaw();
  ASSERT_TRUE(story.answer_to(1));
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_FALSE(story.answer_to(2));
  story.all_say_yes(2);
  ASSERT_TRUE(story.answer_to(2));
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.record().result, Result::kAborted);
  expect_everybody_ended_once();
}

TEST_P(Abort, ByTheLossOfTheRequesterAnswersNobody) {
  reach(GetParam());
  const std::size_t answers = story.all_of<Answer>().size();
  story.gone();
  story.all_say_yes(2);
  EXPECT_EQ(story.all_of<Answer>().size(), answers);
  expect_everybody_ended_once();
}

TEST_P(Abort, ByTheLossOfTheFreezerReleasesEverybody) {
  reach(GetParam());
  story.leaves(freezer);
  std::erase(story.unanswered, freezer);
  story.happens(ThawedMark{kFirstTransaction});
  story.all_say_yes(2);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_EQ(story.story_of(application).back(), GetParam() == Phase::kHeld ? kThaw : kAbort);
}

std::string name_of(const testing::TestParamInfo<Phase>& parameter) {
  std::string name{to_text(parameter.param)};
  std::erase(name, ' ');
  return name;
}
INSTANTIATE_TEST_SUITE_P(In, Abort,
                         testing::Values(Phase::kPrepare, Phase::kFreezeWriters,
                                         Phase::kFreezeFilesystems, Phase::kHeld),
                         name_of);
INSTANTIATE_TEST_SUITE_P(In, AbortUnanswered,
                         testing::Values(Phase::kPrepare, Phase::kFreezeWriters,
                                         Phase::kFreezeFilesystems),
                         name_of);

// Whatever ends it before FREEZE is answered, everybody is told ABORT, the freezer first.
enum class Cause { kRequiredLost, kFreezerRefuses, kGuardianLost, kAdministrator, kThaw, kGone };

struct AbortCauses : testing::TestWithParam<std::tuple<Phase, Cause>> {
  EventStory story;
  ParticipantId application = story.writer_at("application", 50);
  ParticipantId database = story.writer_at("database", 100);
  ParticipantId freezer = story.freezer();

  void happens(Cause cause) {
    FreezerStanding alone = EventStory::clean();
    alone.guardian_alive = false;
    switch (cause) {
      case Cause::kRequiredLost: return story.leaves(application);
      case Cause::kFreezerRefuses: return story.no(freezer);
      case Cause::kGuardianLost: story.happens(FreezerStatus{freezer, alone}); return;
      case Cause::kAdministrator: return story.abort();
      case Cause::kThaw: return story.thaw();
      case Cause::kGone: return story.gone();
    }
  }
};

TEST_P(AbortCauses, TellAbortToEverybodyFreezerFirst) {
  const auto [phase, cause] = GetParam();
  story.freeze();
  story.all_say_yes(2, phase);
  if (phase == Phase::kPrepare) {
    story.yes(application);
    story.yes(database);
    ASSERT_EQ(story.asked(freezer), kPrepare);
  } else if (phase == Phase::kFreezeWriters) {
    story.yes(application);
  }
  happens(cause);
  std::erase(story.unanswered, cause == Cause::kRequiredLost ? application : ParticipantId{});
  EXPECT_EQ(story.phase(), Phase::kAbortFilesystems);
  EXPECT_EQ(story.asked(freezer), kAbort);
  EXPECT_FALSE(story.asked(database));
  story.yes(freezer);
  EXPECT_EQ(story.phase(), Phase::kAbortWriters);
  EXPECT_EQ(story.asked(database), kAbort);
  story.all_say_yes(2);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  const Operation last_before = phase == Phase::kPrepare ? kPrepare : kFreeze;
  EXPECT_EQ(story.story_of(application).back(),
            cause == Cause::kRequiredLost ? last_before : kAbort);
  EXPECT_FALSE(story.record().released_without_freezer);
  EXPECT_EQ(story.all_of<KeepRecord>().size(), 1U);
  EXPECT_EQ(story.all_of<CloseNote>().size(), 1U);
  EXPECT_FALSE(story.record().sentence.empty());
}

std::string name_of_cause(const testing::TestParamInfo<std::tuple<Phase, Cause>>& parameter) {
  constexpr std::array kNames{
      "required_lost", "freezer_refuses", "guardian_lost", "administrator", "thaw", "gone"};
  std::string name{to_text(std::get<0>(parameter.param))};
  std::ranges::replace(name, ' ', '_');
  return name + "_" + kNames[static_cast<std::size_t>(std::get<1>(parameter.param))];
}
INSTANTIATE_TEST_SUITE_P(
    In, AbortCauses,
    testing::Combine(testing::Values(Phase::kPrepare, Phase::kFreezeFilesystems),
                     testing::Values(Cause::kRequiredLost, Cause::kFreezerRefuses,
                                     Cause::kGuardianLost, Cause::kAdministrator, Cause::kThaw,
                                     Cause::kGone)),
    name_of_cause);
INSTANTIATE_TEST_SUITE_P(
    InFreezeWriters, AbortCauses,
    testing::Combine(testing::Values(Phase::kFreezeWriters),
                     testing::Values(Cause::kRequiredLost, Cause::kGuardianLost,
                                     Cause::kAdministrator, Cause::kThaw, Cause::kGone)),
    name_of_cause);

struct AbortOnce : Abort {};

TEST_F(AbortOnce, AnUnboundRequestIsAbortedToWhileItIsNotAnswered) {
  SnapshotOptions unbound;
  unbound.bound_to_requester = false;
  story.freeze(unbound, RequesterKind::kLocal);
  story.gone();
  story.all_say_yes(2);
  EXPECT_EQ(story.record().result, Result::kAborted);
}

TEST_F(AbortOnce, WithNothingOpenIsSuccess) {
  story.abort();
  EXPECT_TRUE(story.answer_to(1)->success);
}

TEST_F(AbortOnce, WithNothingOpenButADirtyFreezerIsFailureThatNamesIt) {
  reach(Phase::kHeld);
  story.pass(seconds{64});
  story.yes(database);
  story.yes(application);
  ASSERT_EQ(story.phase(), Phase::kIdle);
  story.happens(FreezerStatus{
      freezer,
      {.clean = false, .guardian_alive = true, .last_thawed = {}, .reason = "/srv hangs"}});
  story.abort();
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.answer_to(2)->reason.view(),
            "the freezer is not clean after transaction 3e8-1: /srv hangs");
}

TEST_F(AbortOnce, DuringTheThawOnlyWaitsForItsEnd) {
  reach(Phase::kHeld);
  story.thaw();
  story.abort();
  story.all_say_yes(2);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_TRUE(story.answer_to(3)->success);
  EXPECT_EQ(story.record().result, Result::kConsistent);
}

TEST_F(AbortOnce, DuringACheckEndsIt) {
  story.check();
  story.abort();
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_EQ(story.record().result, Result::kAborted);
  EXPECT_EQ(story.story_of(application), std::vector{kCheck}) << "a CHECK has nothing to abort";
}

TEST_F(AbortOnce, WithdrawsWhatNobodyHasAnswered) {
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  story.abort();
  const auto withdrawn = story.last_of<Withdraw>();
  ASSERT_EQ(withdrawn.size(), 1U);
  EXPECT_EQ(withdrawn[0].id, application);
}

TEST_F(AbortOnce, AFailedFreezeIsRolledBackThoughTheFreezerIsStillFreezing) {
  reach(Phase::kFreezeFilesystems);
  const Tell freeze = story.told.at(freezer);
  story.pass(seconds{10});
  EXPECT_FALSE(story.answer_to(1)->success);
  // The freeze completes after all. It does not count; the ABORT it was told undoes it.
  story.happens(Answered{.id = freezer,
                         .message_id = freeze.message_id,
                         .operation_raw = operation_raw(kFreeze),
                         .success = true,
                         .reason = {},
                         .filesystems = counts_of(2, 2)});
  EXPECT_EQ(story.last_of<TellLate>().size(), 1U);
  EXPECT_EQ(story.phase(), Phase::kAbortFilesystems);
  story.all_say_yes(2);
  expect_everybody_ended_once();
}

TEST_F(AbortOnce, ByTheLossOfTheRequesterIsBoundedThoughTheFreezerHangs) {
  reach(Phase::kFreezeFilesystems);
  const Instant deadline = story.record().hold_deadline;
  story.gone();
  EXPECT_EQ(story.next_deadline, deadline + seconds{4});
}

TEST_F(AbortOnce, OfAHungFreezerReleasesTheWritersAfterTheHoldDeadline) {
  reach(Phase::kFreezeFilesystems);
  const Instant deadline = story.record().hold_deadline;
  std::erase(story.unanswered, freezer);
  story.pass(deadline - story.now + seconds{4});
  EXPECT_EQ(story.asked(database), kAbort);
  EXPECT_TRUE(story.record().released_without_freezer);
}

}  // namespace
}  // namespace vss::coordinator
