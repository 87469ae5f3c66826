#include "freezer/lanes.hpp"

#include <fcntl.h>

#include "freezer/slot_fixture.hpp"

namespace vss::freezer {
namespace {

class LanesTest : public SlotTest {
 protected:
  void make(std::size_t count) {
    begin(count);
    std::vector<base::UniqueFd> own;
    for (base::UniqueFd& fd : descriptors)
      own.push_back(std::move(fd));
    auto made = Lanes::make(table, std::move(own), kernel, Thawer::kFreezer);
    ASSERT_TRUE(made) << made.error().message;
    lanes = std::move(*made);
    lanes->await_parked();
  }
  std::unique_ptr<Lanes> lanes;
};

TEST_F(LanesTest, OneThatHangsHoldsNobodyElse) {
  make(3);
  kernel[1].hold_freeze = true;
  for (std::size_t i = 0; i < 3; ++i)
    lanes->freeze(i);
  EXPECT_TRUE(eventually([&] { return lanes->parked(0) && lanes->parked(2); }));
  // A thaw told before it begins would forbid the freeze instead.
  ASSERT_TRUE(eventually([&] { return kernel[1].in_freeze.load(); }));
  EXPECT_FALSE(lanes->parked(1));
  lanes->thaw_all();
  EXPECT_TRUE(eventually([&] { return !kernel[0].frozen && !kernel[2].frozen; }));
  EXPECT_EQ(state(1).state, State::kIntent);
  kernel[1].hold_freeze = false;
  EXPECT_TRUE(eventually([&] { return lanes->all_parked(); }));
  EXPECT_FALSE(kernel[1].frozen);
  EXPECT_EQ(kernel[1].thaws, 1);
  EXPECT_TRUE(table.all_closed());
}

TEST_F(LanesTest, BackingThawsBeforeWhatLiesOnIt) {
  make(3);
  // 0 lies on 1, 1 on 2, as loop images do.
  table[0].lies_on = {0b010};
  table[1].lies_on = {0b100};
  kernel[0].backing = 1;
  kernel[1].backing = 2;
  for (std::size_t i = 0; i < 3; ++i) {
    lanes->freeze(i);
    ASSERT_TRUE(eventually([&] { return lanes->parked(i); }));
  }
  lanes->thaw_all();
  EXPECT_TRUE(eventually([&] { return lanes->all_parked(); }));
  EXPECT_EQ(kernel[2].order, 1);
  EXPECT_EQ(kernel[1].order, 2);
  EXPECT_EQ(kernel[0].order, 3);
}

TEST_F(LanesTest, AHungBackingHoldsOnlyWhatLiesOnIt) {
  make(3);
  table[0].lies_on = {0b010};
  kernel[0].backing = 1;
  kernel[1].hold_thaw = true;
  for (std::size_t i = 0; i < 3; ++i)
    lanes->freeze(i);
  ASSERT_TRUE(eventually([&] { return lanes->all_parked(); }));
  lanes->thaw_all();
  EXPECT_TRUE(eventually([&] { return lanes->parked(2); }));
  EXPECT_TRUE(kernel[0].frozen);
  kernel[1].hold_thaw = false;
  EXPECT_TRUE(eventually([&] { return lanes->all_parked(); }));
  EXPECT_FALSE(kernel[0].frozen);
}

// umount finds a filesystem busy that a thread's own descriptor table still holds.
TEST_F(LanesTest, LeaveNoDescriptorOpenOnceReleased) {
  for (int round = 0; round < 100; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const base::UniqueFd read_end{ends[0]};
    std::vector<base::UniqueFd> own;
    own.emplace_back(ends[1]);
    auto made = Lanes::make(table, std::move(own), kernel, Thawer::kFreezer);
    ASSERT_TRUE(made) << made.error().message;
    (*made)->release();
    char byte = 0;
    ASSERT_EQ(::fcntl(read_end.get(), F_SETFL, O_NONBLOCK), 0);
    ASSERT_EQ(::read(read_end.get(), &byte, 1), 0) << "somebody can still write, round " << round;
  }
}

TEST_F(LanesTest, AreStillParkedWhenReleased) {
  make(2);
  lanes->freeze(1);
  lanes->thaw_all();
  ASSERT_TRUE(eventually([&] { return lanes->all_parked(); }));
  lanes->release();
  EXPECT_TRUE(lanes->all_parked());
  lanes->release();  // twice is once
}

TEST_F(LanesTest, EndWithoutHavingBeenTold) {
  make(2);
  lanes.reset();
  EXPECT_EQ(kernel[0].freezes, 0);
}

}  // namespace
}  // namespace vss::freezer
