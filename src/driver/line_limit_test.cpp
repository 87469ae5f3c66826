#include "driver/line_limit.hpp"

#include <gtest/gtest.h>

namespace vss::driver {
namespace {

using base::seconds;

struct LineLimitTest : testing::Test {
  int take(int lines, bool renew = true) {
    int taken = 0;
    for (int line = 0; line < lines; ++line)
      taken += limit.take(now, renew) ? 1 : 0;
    return taken;
  }
  LineLimit limit{3, seconds{60}};
  base::Instant now{1'000'000'000};
};

TEST_F(LineLimitTest, CountsWhatIsBeyondIt) {
  EXPECT_EQ(take(10), 3);
  EXPECT_EQ(limit.take_left_out(), 7U);
  EXPECT_EQ(limit.take_left_out(), 0U);
}

TEST_F(LineLimitTest, IsRenewedWhenItsTimeIsOver) {
  take(3);
  now = now + seconds{59};
  EXPECT_EQ(take(1), 0);
  now = now + seconds{1};
  EXPECT_EQ(take(5), 3);
}

TEST_F(LineLimitTest, IsNotRenewedWhileLinesOnlyWait) {
  take(2);
  now = now + seconds{3600};
  EXPECT_EQ(take(5, false), 1);
  EXPECT_EQ(take(5), 3);
}

}  // namespace
}  // namespace vss::driver
