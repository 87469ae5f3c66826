#include "freezer/leftovers.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "platform/clock.hpp"
#include "platform/sleep.hpp"

namespace vss::freezer {
namespace {

using base::milliseconds;

// It ends when the test ends it.
platform::HelperProcess busy() {
  auto process = platform::HelperProcess::start([](int /*socket*/) {
    for (;;)
      ::pause();
  });
  return process ? std::move(*process) : platform::HelperProcess{};
}

TEST(Leftovers, AreThereUntilTheyAreReaped) {
  Leftovers leftovers;
  EXPECT_FALSE(leftovers.any());
  auto process = busy();
  ASSERT_TRUE(process.running());
  process.kill();
  leftovers.add(std::move(process));
  const base::Instant until = platform::now() + base::seconds{5};
  while (leftovers.any() && platform::now() < until)
    platform::sleep_for(milliseconds{1});
  EXPECT_FALSE(leftovers.any());
}

TEST(Leftovers, HangOnlyWhereTheirTimeWasOver) {
  Leftovers leftovers;
  leftovers.add(busy());
  leftovers.blame("/a (/dev/sdx) is still being flushed", false);
  EXPECT_TRUE(leftovers.any());
  EXPECT_FALSE(leftovers.hang());
  const base::Duration patience = leftovers.patience();
  leftovers.blame("/a (/dev/sdx) does not answer", true);
  EXPECT_TRUE(leftovers.hang());
  EXPECT_LT(leftovers.patience(), patience);
  EXPECT_EQ(leftovers.reason().view(), "/a (/dev/sdx) does not answer");
}

}  // namespace
}  // namespace vss::freezer
