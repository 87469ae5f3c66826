#include "driver/plan_desk.hpp"

#include <gtest/gtest.h>

namespace vss::driver {
namespace {

constexpr base::Instant kNow{1'000'000'000};

TEST(PlanDesk, KeepsOrdersInTheirTurn) {
  PlanDesk desk;
  EXPECT_EQ(desk.current(), nullptr);
  EXPECT_TRUE(desk.next_deadline().is_never());
  desk.add({1}, {}, kNow);
  desk.add({2}, {}, kNow);
  EXPECT_EQ(desk.current()->requester.value, 1U);
  EXPECT_EQ(desk.next_deadline(), kNow + PlanDesk::kTimeout);
  desk.finish_current();
  EXPECT_EQ(desk.current()->requester.value, 2U);
}

TEST(PlanDesk, KnowsTheRequesterOfTheFramesThatAreAnsweredNowOnly) {
  PlanDesk desk;
  desk.add({1}, {}, kNow);
  desk.add({2}, {}, kNow);
  const std::uint32_t first = desk.current()->tag;
  EXPECT_EQ(desk.requester_of(first)->value, 1U);
  desk.finish_current();
  EXPECT_FALSE(desk.requester_of(first));  // given up: what still comes is for nobody
  EXPECT_EQ(desk.requester_of(desk.current()->tag)->value, 2U);
}

TEST(PlanDesk, IsBounded) {
  PlanDesk desk;
  for (std::size_t i = 0; i < PlanDesk::kWaitingMax; ++i)
    EXPECT_TRUE(desk.add({i}, {}, kNow));
  EXPECT_FALSE(desk.add({99}, {}, kNow));
}

}  // namespace
}  // namespace vss::driver
