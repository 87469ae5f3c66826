// Promise 7: a late answer is never taken for another one's; its sender is told to roll back.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::seconds;

struct LateAnswers : testing::Test {
  EventStory story;
  ParticipantId writer = story.writer("writer");
  ParticipantId other = story.writer("other");
  ParticipantId freezer = story.freezer();

  Answered answer_of(ParticipantId id) {
    const Tell& tell = story.told.at(id);
    return {.id = id,
            .message_id = tell.message_id,
            .operation_raw = operation_raw(tell.operation),
            .success = true,
            .reason = {},
            .filesystems = {}};
  }
  void expect_late(const Answered& answer) {
    const Phase before = story.phase();
    const auto asked = story.unanswered;
    const Instant deadline = story.next_deadline;
    story.happens(answer);
    ASSERT_EQ(story.last.size(), 1U);
    ASSERT_EQ(story.last_of<TellLate>().size(), 1U);
    EXPECT_EQ(story.last_of<TellLate>()[0].message_id, answer.message_id);
    EXPECT_EQ(story.last_of<TellLate>()[0].operation_raw, answer.operation_raw);
    EXPECT_EQ(story.phase(), before);
    EXPECT_EQ(story.unanswered, asked);
    EXPECT_EQ(story.next_deadline, deadline);
  }
};

TEST_F(LateAnswers, ARepeatedYesIsCountedAndNobodyIsToldToRollBack) {
  story.freeze();
  const Answered prepared = answer_of(writer);
  story.all_say_yes(2, Phase::kFreezeWriters);
  const Answered held = answer_of(writer);
  story.yes(writer);
  for (const Answered& answer : {prepared, held}) {
    story.happens(answer);
    EXPECT_TRUE(story.last.empty()) << "it would stop holding, and be counted all the same";
  }
  EXPECT_EQ(story.record().late_answers, 2U);
  story.all_say_yes(2, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(1)->success);
}

TEST_F(LateAnswers, ARepeatedNoChangesNothing) {
  story.freeze();
  const Answered answer = answer_of(writer);
  story.no(writer);
  expect_late(answer);
}

TEST_F(LateAnswers, AWrongNumberChangesNothing) {
  story.freeze();
  Answered answer = answer_of(writer);
  answer.message_id += 1000;
  expect_late(answer);
}

TEST_F(LateAnswers, SomeoneElsesNumberChangesNothing) {
  story.freeze();
  Answered answer = answer_of(writer);
  answer.message_id = answer_of(other).message_id;
  expect_late(answer);
  EXPECT_EQ(story.asked(other), kPrepare);
}

TEST_F(LateAnswers, AWrongOperationChangesNothing) {
  story.freeze();
  for (const std::uint32_t operation : {0U, 1U, 2U, 3U, 5U, 6U, 0xffffffffU}) {
    Answered answer = answer_of(writer);
    answer.operation_raw = operation;
    expect_late(answer);
  }
  story.yes(writer);
  EXPECT_TRUE(story.last_of<TellLate>().empty()) << "the right one still counts";
}

TEST_F(LateAnswers, ARefusalOfSomethingElseChangesNothing) {
  story.freeze();
  Answered answer = answer_of(writer);
  answer.message_id += 1000;
  answer.success = false;
  expect_late(answer);
}

TEST_F(LateAnswers, AnAnswerAtItsDeadlineIsLate) {
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  const Answered answer = answer_of(writer);
  story.stall(seconds{2});
  story.happens(answer);
  EXPECT_EQ(story.last_of<TellLate>().size(), 1U);
  EXPECT_EQ(story.phase(), Phase::kAbortFilesystems);
}

TEST_F(LateAnswers, AnAnswerAfterAbortIsNotTakenForTheAborts) {
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  const Answered answer = answer_of(writer);
  story.abort();
  expect_late(answer);
}

TEST_F(LateAnswers, AnAnswerOfTheLastTransactionIsNotTakenForThisOnes) {
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  const Answered old = answer_of(writer);
  story.abort();
  story.all_say_yes(2);
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeWriters);
  expect_late(old);
  EXPECT_EQ(story.asked(writer), kFreeze);
}

TEST_F(LateAnswers, OfAConnectionThatIsGoneReachNobody) {
  story.freeze();
  const Answered answer = answer_of(writer);
  story.leaves(writer);
  const auto again = story.writer("again");
  EXPECT_EQ(again.index, writer.index) << "its place is used again";
  story.happens(answer);
  EXPECT_TRUE(story.last.empty());
}

TEST_F(LateAnswers, WithNothingOpenAreAnsweredAndCountNowhere) {
  story.happens(Answered{.id = writer,
                         .message_id = 99,
                         .operation_raw = 2,
                         .success = true,
                         .reason = {},
                         .filesystems = {}});
  EXPECT_EQ(story.last_of<TellLate>().size(), 1U);
}

TEST_F(LateAnswers, AFlippedBitOfANumberIsNeverAccepted) {
  story.freeze();
  for (int bit = 0; bit < 64; ++bit) {
    Answered answer = answer_of(writer);
    answer.message_id ^= std::uint64_t{1} << bit;
    expect_late(answer);
  }
}

TEST_F(LateAnswers, OfThePlannedLateFreezerDoNotCount) {
  story.freeze();
  story.all_say_yes(2, Phase::kFreezeFilesystems);
  const Answered answer = answer_of(freezer);
  story.pass(seconds{10});
  expect_late(answer);
}

}  // namespace
}  // namespace vss::coordinator
