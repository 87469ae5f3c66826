#include "plan/flush_forecast.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

namespace vss::plan {
namespace {

using base::Duration;
using base::milliseconds;
using base::seconds;

constexpr std::uint64_t kMB = 1'000'000;
constexpr std::uint64_t kGB = 1000 * kMB;

// Wrote `written` and left `left`, while writers made `dirtied` dirty.
FlushRound round_of(std::uint64_t written, std::uint64_t dirtied, std::uint64_t left,
                    Duration took) {
  FlushRound round;
  round.before = {.pending = written + left - dirtied, .dirtied = 7 * kGB, .written = 5 * kGB};
  round.after = {.pending = left, .dirtied = 7 * kGB + dirtied, .written = 5 * kGB + written};
  round.took = took;
  return round;
}

FlushQuestion question_of(std::uint64_t pending, std::span<const FlushRound> rounds = {}) {
  FlushState now = rounds.empty() ? FlushState{} : rounds.back().after;
  now.pending = pending;
  return {.policy = {}, .filesystems = 1, .now = now, .rounds = rounds, .time_left = seconds{20}};
}

TEST(FlushForecast, LittleDirtyDataNeedsNoRound) {
  EXPECT_FALSE(forecast(question_of(0)).round);
  EXPECT_FALSE(forecast(question_of(kLittleDirty - 1)).round);
}

TEST(FlushForecast, MuchDirtyDataNeedsOne) {
  EXPECT_TRUE(forecast(question_of(kLittleDirty)).round);
}

TEST(FlushForecast, NoRoundBeginsWithoutTimeForIt) {
  FlushQuestion question = question_of(kGB);
  question.time_left = milliseconds{50};
  EXPECT_FALSE(forecast(question).round);
}

TEST(FlushForecast, ARoundThatProvesThatAllAnswerIsOwedInAnyCase) {
  FlushQuestion question = question_of(0);
  question.policy.always = true;
  question.time_left = Duration{0};
  EXPECT_TRUE(forecast(question).round);
}

TEST(FlushForecast, LittleIsLeftSoNoOtherRound) {
  const std::vector rounds{round_of(600 * kMB, 10 * kMB, 10 * kMB, milliseconds{250})};
  EXPECT_FALSE(forecast(question_of(10 * kMB, rounds)).round);
}

TEST(FlushForecast, SlowDeviceAndSlowWritersPromiseAGain) {
  // 2 GB in 20 s; 200 MB came meanwhile and would be written in 2 s, when 20 MB are dirty.
  const std::vector rounds{round_of(2 * kGB, 200 * kMB, 200 * kMB, seconds{20})};
  EXPECT_TRUE(forecast(question_of(200 * kMB, rounds)).round);
  FlushQuestion late = question_of(200 * kMB, rounds);
  late.time_left = seconds{1};
  EXPECT_FALSE(forecast(late).round);
}

TEST(FlushForecast, WritersAsFastAsTheDeviceMakeAnotherRoundVain) {
  const std::vector rounds{round_of(600 * kMB, 590 * kMB, 500 * kMB, milliseconds{300})};
  EXPECT_FALSE(forecast(question_of(500 * kMB, rounds)).round);
}

// 1.2 s would be flushed in 1.2 s, with 0.7 s of it dirty again.
TEST(FlushForecast, WritersHalfAsFastAsTheDeviceMakeAnotherRoundVain) {
  const std::vector rounds{round_of(2 * kGB, 1200 * kMB, 1200 * kMB, seconds{2})};
  EXPECT_FALSE(forecast(question_of(1200 * kMB, rounds)).round);
}

TEST(FlushForecast, AFastDeviceGainsNothingByAnotherRound) {
  const std::vector rounds{round_of(2 * kGB, 40 * kMB, 40 * kMB, seconds{1})};  // left: 20 ms
  EXPECT_FALSE(forecast(question_of(40 * kMB, rounds)).round);
}

TEST(FlushForecast, AfterTheLastRoundNoOtherPromiseCounts) {
  std::vector rounds(kFlushRoundsMax - 1, round_of(2 * kGB, 200 * kMB, 200 * kMB, seconds{20}));
  EXPECT_TRUE(forecast(question_of(200 * kMB, rounds)).round);
  rounds.push_back(rounds.back());
  EXPECT_FALSE(forecast(question_of(200 * kMB, rounds)).round);
}

TEST(FlushForecast, WhatTheRoundHasShownTellsTheStall) {
  const std::vector rounds{round_of(800 * kMB, 400 * kMB, 400 * kMB, seconds{1})};
  const FlushForecast made = forecast(question_of(400 * kMB, rounds));
  EXPECT_TRUE(made.measured);
  EXPECT_EQ(made.rate, 800 * kMB);
  EXPECT_EQ(made.stall, kBareFreeze + kBareFreezeEach + milliseconds{500});
}

TEST(FlushForecast, ARoundThatWroteNextToNothingIsNoMeasurement) {
  const std::vector rounds{round_of(kMB, 400 * kMB, 400 * kMB, seconds{20})};
  const FlushForecast made = forecast(question_of(400 * kMB, rounds));
  EXPECT_FALSE(made.measured);
  EXPECT_FALSE(made.round);
}

// 3 GB are left dirty in the system, but what is to be frozen was synced, and 50 MB came since.
TEST(FlushForecast, AfterACompleteRoundOnlyWhatCameSinceCanBeLeft) {
  std::vector rounds{round_of(800 * kMB, 50 * kMB, 3 * kGB, seconds{1})};
  EXPECT_EQ(forecast(question_of(3 * kGB, rounds)).pending, 50 * kMB);
  rounds.back().complete = false;
  EXPECT_EQ(forecast(question_of(3 * kGB, rounds)).pending, 3 * kGB);
}

TEST(StallBudget, RefusesWithTheNumbersAndARemedy) {
  const std::vector rounds{round_of(800 * kMB, 3100 * kMB, 3100 * kMB, seconds{1})};
  const FlushForecast made = forecast(question_of(3100 * kMB, rounds));
  const FlushPolicy policy{.always = false, .stall_budget = seconds{2}};
  EXPECT_EQ(why_too_long(made, policy).view(),
            "predicted stall 3.91 s (3.1 GB dirty at 800.0 MB/s) is above stall_budget = 2.00 s: "
            "write less, or raise it");
  EXPECT_TRUE(why_too_long(made, {.always = false, .stall_budget = seconds{4}}).empty());
  EXPECT_TRUE(why_too_long(made, {}).empty());
  EXPECT_TRUE(why_too_long(made, {.always = false, .stall_budget = made.stall}).empty());
}

TEST(StallBudget, TheReasonIsShortEnoughToBeQuotedWhole) {
  FlushForecast made;
  made.stall = milliseconds{123'450};
  made.pending = 12'345 * kMB;
  made.rate = 100 * kMB;
  EXPECT_LE(why_too_long(made, {.always = false, .stall_budget = seconds{60}}).size(), 120U);
}

TEST(StallBudget, ARoundShowsTheRateWhereTheAssumedOneWouldRefuse) {
  FlushQuestion question = question_of(20 * kMB);  // little, 0.2 s at the assumed rate
  EXPECT_FALSE(forecast(question).round);
  question.policy.stall_budget = milliseconds{100};
  EXPECT_TRUE(forecast(question).round);
}

TEST(BytesText, HasAUnitThatFits) {
  EXPECT_EQ(bytes_text(0).view(), "0.0 kB");
  EXPECT_EQ(bytes_text(999'999).view(), "999.9 kB");
  EXPECT_EQ(bytes_text(3'140 * kMB).view(), "3.1 GB");
}

FlushRound any_round() {
  const auto bytes = [] { return *rc::gen::inRange<std::uint64_t>(0, 1ULL << 50); };
  FlushRound round;
  round.before = {bytes(), bytes(), bytes()};
  round.after = {bytes(), bytes(), bytes()};  // counters may even go back
  round.took = Duration{*rc::gen::inRange<std::int64_t>(0, 1LL << 45)};
  round.complete = *rc::gen::arbitrary<bool>();
  return round;
}

struct AnyQuestion {
  std::vector<FlushRound> rounds;
  FlushQuestion question;

  AnyQuestion() {
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
      rounds.push_back(any_round());
    question.policy.always = *rc::gen::arbitrary<bool>();
    question.policy.stall_budget = Duration{*rc::gen::inRange<std::int64_t>(0, 1LL << 34)};
    question.filesystems = *rc::gen::inRange<std::size_t>(0, 600);
    question.now = {*rc::gen::arbitrary<std::uint64_t>(),
                    *rc::gen::inRange<std::uint64_t>(0, 1ULL << 51), 0};
    question.rounds = rounds;
    question.time_left = Duration{*rc::gen::inRange<std::int64_t>(-1'000'000'000, 1LL << 35)};
  }
};

TEST(FlushForecast, IsNeverShorterThanABareFreeze) {
  ASSERT_TRUE(rc::check("never negative", [] {
    const AnyQuestion any;
    const FlushForecast made = forecast(any.question);
    RC_ASSERT(made.stall >= kBareFreeze);
    RC_ASSERT(made.rate > 0U);
  }));
}

TEST(FlushForecast, GrowsWithWhatIsDirtyAndWithTheFilesystems) {
  ASSERT_TRUE(rc::check("monotone", [] {
    const AnyQuestion any;
    FlushQuestion more = any.question;
    const auto added = *rc::gen::inRange<std::uint64_t>(0, 1ULL << 40);
    more.now.pending += std::min(added, ~std::uint64_t{0} - more.now.pending);
    more.now.dirtied += added;
    more.filesystems += *rc::gen::inRange<std::size_t>(0, 100);
    RC_ASSERT(forecast(more).stall >= forecast(any.question).stall);
  }));
}

TEST(FlushForecast, EndsAndKeepsToItsTime) {
  ASSERT_TRUE(rc::check("bounded", [] {
    const AnyQuestion any;
    const bool round = forecast(any.question).round;
    const bool owed = any.question.policy.always && any.rounds.empty();
    RC_ASSERT(!round || owed || any.question.time_left > Duration{0});
    RC_ASSERT(!round || any.rounds.size() < kFlushRoundsMax);
  }));
}

TEST(StallBudget, RefusesExactlyWhatIsAboveIt) {
  ASSERT_TRUE(rc::check("budget", [] {
    const AnyQuestion any;
    const FlushForecast made = forecast(any.question);
    const Duration budget = any.question.policy.stall_budget;
    RC_ASSERT(why_too_long(made, any.question.policy).empty() ==
              (budget == Duration{0} || made.stall <= budget));
  }));
}

}  // namespace
}  // namespace vss::plan
