#include "obligation.hpp"

#include <gtest/gtest.h>

namespace vss::sdk {
namespace {

using base::Instant;
using wire::Operation;
using Verdict = Obligation::Verdict;

constexpr Instant kHoldDeadline{1'000};

wire::Event event(Operation operation, std::uint64_t id, std::uint64_t transaction) {
  wire::Event made;
  made.operation = operation;
  made.message_id = id;
  made.transaction = {transaction};
  if (operation == Operation::kFreeze) made.hold_deadline = kHoldDeadline;
  return made;
}

Obligation after_prepare() {
  Obligation obligation;
  obligation.given(event(Operation::kPrepare, 1, 7));
  return obligation;
}

Obligation holding() {
  Obligation obligation = after_prepare();
  obligation.answered(1, true);
  obligation.given(event(Operation::kFreeze, 2, 7));
  obligation.answered(2, true);
  return obligation;
}

TEST(Obligation, OwesNothingAfterCheck) {
  Obligation obligation;
  obligation.given(event(Operation::kCheck, 1, 7));
  EXPECT_FALSE(obligation.owed());
  obligation.lost({10});
  EXPECT_FALSE(obligation.abort_is_due({10}, {}));
}

TEST(Obligation, EndsWithTheReleaseThatWasGiven) {
  for (const Operation release : {Operation::kThaw, Operation::kAbort}) {
    Obligation obligation = holding();
    EXPECT_EQ(obligation.judge(event(release, 3, 7)), Verdict::kDeliver);
    obligation.given(event(release, 3, 7));
    EXPECT_FALSE(obligation.owed());
    obligation.lost({10});
    EXPECT_FALSE(obligation.abort_is_due({2'000}, {7}));
  }
}

TEST(Obligation, LostWhilePreparedAbortsAtOnce) {
  Obligation obligation = after_prepare();
  obligation.lost({10});
  EXPECT_TRUE(obligation.abort_is_due({10}, {}));
}

TEST(Obligation, LostWhileHoldingWaitsForTheThawedMark) {
  Obligation obligation = holding();
  obligation.lost({10});
  EXPECT_FALSE(obligation.abort_is_due({999}, {6}));
  EXPECT_TRUE(obligation.abort_is_due({11}, {7}));
  EXPECT_TRUE(obligation.abort_is_due({11}, {8}));
}

TEST(Obligation, LostWhileHoldingWaitsNoLongerThanTheDeadline) {
  Obligation obligation = holding();
  obligation.lost({10});
  EXPECT_TRUE(obligation.abort_is_due(kHoldDeadline, {}));
}

TEST(Obligation, LostBeforeFreezeWasAnsweredCountsAsHolding) {
  Obligation obligation = after_prepare();
  obligation.given(event(Operation::kFreeze, 2, 7));
  obligation.lost({10});
  EXPECT_FALSE(obligation.abort_is_due({11}, {}));
}

TEST(Obligation, LostAfterFreezeWasRefusedAbortsAtOnce) {
  Obligation obligation = after_prepare();
  obligation.given(event(Operation::kFreeze, 2, 7));
  obligation.answered(2, false);
  EXPECT_FALSE(obligation.may_hold());
  obligation.lost({10});
  EXPECT_TRUE(obligation.abort_is_due({11}, {}));
}

TEST(Obligation, LateAnswerIsAbortedOnceAndTheRealAbortSwallowed) {
  Obligation obligation = holding();
  obligation.late(2);
  EXPECT_TRUE(obligation.abort_is_due({11}, {}));
  obligation.aborted();
  EXPECT_FALSE(obligation.abort_is_due({11}, {}));
  EXPECT_EQ(obligation.judge(event(Operation::kAbort, 3, 7)), Verdict::kSwallow);
  EXPECT_EQ(obligation.judge(event(Operation::kThaw, 3, 7)), Verdict::kSwallow);
}

TEST(Obligation, LateNewsAfterTheReleaseMeansNothing) {
  Obligation obligation = holding();
  obligation.given(event(Operation::kAbort, 3, 7));
  obligation.late(2);
  EXPECT_FALSE(obligation.abort_is_due({11}, {}));
}

TEST(Obligation, LateNewsOfTheLastTransactionLeavesTheNextAlone) {
  Obligation obligation = holding();
  obligation.given(event(Operation::kAbort, 3, 7));
  obligation.given(event(Operation::kPrepare, 4, 8));
  obligation.late(2);
  EXPECT_FALSE(obligation.abort_is_due({11}, {}));
  EXPECT_TRUE(obligation.owed());
}

TEST(Obligation, LateCheckOrThawIsNoReasonToAbort) {
  Obligation obligation = after_prepare();
  obligation.late(99);
  EXPECT_FALSE(obligation.abort_is_due({11}, {}));
}

TEST(Obligation, RefusesWhatBelongsToARolledBackTransaction) {
  Obligation obligation = after_prepare();
  obligation.late(1);
  obligation.aborted();
  EXPECT_EQ(obligation.judge(event(Operation::kFreeze, 5, 7)), Verdict::kRefuse);
  EXPECT_EQ(obligation.judge(event(Operation::kPrepare, 5, 7)), Verdict::kRefuse);
  EXPECT_EQ(obligation.judge(event(Operation::kPrepare, 6, 8)), Verdict::kDeliver);
}

TEST(Obligation, SwallowsTheReleaseOfAnOlderTransaction) {
  Obligation obligation = after_prepare();
  EXPECT_EQ(obligation.judge(event(Operation::kThaw, 5, 6)), Verdict::kSwallow);
  EXPECT_TRUE(obligation.owed());
}

TEST(Obligation, SwallowsAReleaseWhenNothingIsOwed) {
  EXPECT_EQ(Obligation().judge(event(Operation::kThaw, 5, 6)), Verdict::kSwallow);
}

TEST(Obligation, FindsASecondTransactionContradictory) {
  const Obligation obligation = holding();
  EXPECT_EQ(obligation.judge(event(Operation::kPrepare, 5, 8)), Verdict::kContradiction);
}

}  // namespace
}  // namespace vss::sdk
