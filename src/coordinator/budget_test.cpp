#include "coordinator/budget.hpp"

#include <gtest/gtest.h>

namespace vss::coordinator {
namespace {

using base::milliseconds;
using base::seconds;

constexpr Instant kBegin{1'000'000'000};

TEST(Budget, HalfIsReservedForTheFilesystemsWhereTheyAreInScope) {
  EXPECT_EQ(writers_end(kBegin, seconds{10}, true), kBegin + seconds{5});
  EXPECT_EQ(writers_end(kBegin, seconds{10}, false), kBegin + seconds{10});
}

TEST(Budget, ALevelGetsWhatIsLeftDividedByTheLevelsStillToCome) {
  EXPECT_EQ(level_limit(kBegin, kBegin + seconds{5}, 2), kBegin + milliseconds{2500});
  EXPECT_EQ(level_limit(kBegin, kBegin + seconds{5}, 1), kBegin + seconds{5});
  const Instant later = kBegin + seconds{1};
  EXPECT_EQ(level_limit(later, kBegin + seconds{5}, 1), kBegin + seconds{5});
}

TEST(Budget, NothingLeftIsNow) {
  EXPECT_EQ(level_limit(kBegin, kBegin, 3), kBegin);
  EXPECT_EQ(level_limit(kBegin, kBegin - seconds{1}, 3), kBegin);
}

TEST(Budget, AMembersTimeEndsWithItsTimeoutOrItsLevel) {
  const Instant limit = kBegin + seconds{3};
  EXPECT_EQ(member_deadline(kBegin, seconds{2}, limit), kBegin + seconds{2});
  EXPECT_EQ(member_deadline(kBegin, seconds{9}, limit), limit);
}

TEST(Budget, MoreTimeIsNeverLessAndNeverBeyondTheLimit) {
  const Instant limit = kBegin + seconds{5};
  const Instant deadline = kBegin + seconds{2};
  EXPECT_EQ(extended_deadline(kBegin, deadline, seconds{4}, limit), kBegin + seconds{4});
  EXPECT_EQ(extended_deadline(kBegin, deadline, seconds{1}, limit), deadline);
  EXPECT_EQ(extended_deadline(kBegin, deadline, seconds{60}, limit), limit);
  EXPECT_EQ(extended_deadline(kBegin, deadline, Duration::max(), limit), limit);
  EXPECT_EQ(extended_deadline(kBegin, deadline, Duration::min(), limit), deadline);
  EXPECT_EQ(extended_deadline(limit, deadline, seconds{1}, limit), limit);
}

}  // namespace
}  // namespace vss::coordinator
