#include "driver/host_story.hpp"

#include <gmock/gmock.h>

namespace vss::driver {
namespace {

using base::Instant;
using base::milliseconds;
using testing::Field;
using testing::SizeIs;

constexpr Instant kBegan{5'000'000'000};

TEST(HostStory, TimesCountFromTheTransactionAndMayLieBeforeIt) {
  HostStory story;
  story.add({.link = "a",
             .request = "HOT_BACKUP",
             .asked = kBegan - milliseconds{30},
             .answered = kBegan - milliseconds{10},
             .success = true});
  story.add({.link = "a",
             .request = "FREEZE",
             .asked = kBegan,
             .answered = kBegan + milliseconds{70},
             .success = false});
  const auto parts = story.told("a", kBegan);
  ASSERT_THAT(parts, SizeIs(2));
  EXPECT_EQ(parts[0].request, "HOT_BACKUP");
  EXPECT_EQ(parts[0].began, milliseconds{-30});
  EXPECT_EQ(parts[0].length, milliseconds{20});
  EXPECT_TRUE(parts[0].success);
  EXPECT_EQ(parts[1].began, milliseconds{0});
  EXPECT_EQ(parts[1].length, milliseconds{70});
  EXPECT_FALSE(parts[1].success);
}

TEST(HostStory, IsToldAgainUntilItIsForgotten) {
  HostStory story;
  story.add({.link = "a", .request = "THAW", .asked = kBegan, .answered = kBegan, .success = true});
  EXPECT_THAT(story.told("a", kBegan), SizeIs(1));
  EXPECT_THAT(story.told("a", kBegan), SizeIs(1));
  story.forget("a");
  EXPECT_THAT(story.told("a", kBegan), SizeIs(0));
}

TEST(HostStory, OfOneDoorIsNotToldOfAnother) {
  HostStory story;
  story.add({.link = "a", .request = "THAW", .asked = kBegan, .answered = kBegan, .success = true});
  EXPECT_THAT(story.told("b", kBegan), SizeIs(0));
  story.forget("b");
  EXPECT_THAT(story.told("a", kBegan), SizeIs(1));
}

TEST(HostStory, OldestGiveWay) {
  HostStory story;
  for (std::size_t i = 0; i < HostStory::kExchangesMax; ++i)
    story.add({.link = "a",
               .request = "GET_DM_INFO",
               .asked = kBegan,
               .answered = kBegan,
               .success = true});
  story.add(
      {.link = "a", .request = "FREEZE", .asked = kBegan, .answered = kBegan, .success = true});
  const auto parts = story.told("a", kBegan);
  ASSERT_THAT(parts, SizeIs(HostStory::kExchangesMax));
  EXPECT_EQ(parts.back().request, "FREEZE");
}

}  // namespace
}  // namespace vss::driver
