#include "driver/first_numbers.hpp"

#include <gtest/gtest.h>

namespace vss::driver {
namespace {

TEST(FirstNumbers, ComeFromTheClock) {
  const auto first = first_numbers(0x6a11f0c2, 5, {}, {});
  EXPECT_EQ(base::to_text(first.transaction).view(), "6a11f0c2-1");
  EXPECT_EQ(first.message_id, 5U);
}

TEST(FirstNumbers, AreAboveEverythingSeenWhenTheClockWentBack) {
  const base::TransactionId seen{(0x6a11f0c2ULL << 20) | 7};
  EXPECT_EQ(first_numbers(1000, 5, {}, {{3}, seen}).transaction.value, seen.value + 1);
}

TEST(FirstNumbers, AreAboveThoseOfADriverThatStartedInThisSecond) {
  const base::TransactionId before{(0x6a11f0c2ULL << 20) | 1};
  const auto first = first_numbers(0x6a11f0c2, 5, before, {});
  EXPECT_EQ(base::to_text(first.transaction).view(), "6a11f0c3-1");
}

TEST(FirstNumbers, NeverBeginWithTheMessageIdThatMeansNone) {
  EXPECT_NE(first_numbers(1000, 0, {}, {}).message_id, 0U);
}

}  // namespace
}  // namespace vss::driver
