#include "freezer/recovery.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <thread>

#include "freezer/slot_fixture.hpp"
#include "plan/mount_table.hpp"
#include "platform/mount_table.hpp"

namespace vss::freezer {
namespace {

using base::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A mount that every system has stands for the frozen filesystem: it is only opened. The ioctls are
// the model's.
class RecoveryTest : public SlotTest {
 protected:
  void leave(const std::string& mount_point, std::uint32_t wrong_mount_id = 0) {
    auto file = platform::MountTableFile::open("/proc/self/mountinfo");
    plan::MountTable mounts;
    ASSERT_TRUE(file && mounts.parse(*file->read()));
    const auto at = plan::mount_at(mounts, mount_point);
    ASSERT_TRUE(at);
    const plan::Mount& mount = mounts.mounts()[*at];
    SlotIdentity identity;
    identity.device = {mount.device.major, mount.device.minor};
    identity.mount_id = wrong_mount_id != 0 ? wrong_mount_id : mount.id;
    identity.mount_point = mount.mount_point;
    identity.filesystem_type = mount.type;
    table.begin();
    table.add(0, identity);
    table.commit({7}, 1);
    kernel.adopt(0, mount_point);
    own = base::UniqueFd{::open(mount_point.c_str(), O_RDONLY | O_CLOEXEC)};
  }
  std::unique_ptr<Recovery> recover() {
    auto recovery = Recovery::start(table, kernel);
    EXPECT_TRUE(recovery);
    return std::move(*recovery);
  }
  base::UniqueFd own;
};

TEST_F(RecoveryTest, FindsWhatADeadFreezerLeftFrozenAndThawsIt) {
  leave("/proc");
  in_child([&] { freeze_once(table[0], own.get(), kernel); });
  const auto recovery = recover();
  EXPECT_TRUE(recovery->wait(base::seconds{2}));
  EXPECT_FALSE(kernel[0].frozen);
  EXPECT_EQ(state(0), SlotState::closed(Outcome::kThawed, Thawer::kRecovery));
  EXPECT_THAT(recovery->report(), ElementsAre(HasSubstr("/proc")));
}

TEST_F(RecoveryTest, TheMountItKnewIsGoneButAnotherOfTheSameSuperblockIsThere) {
  leave("/proc", 999'999);
  freeze_once(table[0], own.get(), kernel);
  EXPECT_TRUE(recover()->wait(base::seconds{2}));
  EXPECT_FALSE(kernel[0].frozen);
}

TEST_F(RecoveryTest, WhoDiedBetweenNoteAndResultIsThawedToo) {
  leave("/proc");
  kernel[0].freeze_fault = Fault::kDieAfter;
  in_child([&] { freeze_once(table[0], own.get(), kernel); });
  const auto recovery = recover();
  EXPECT_TRUE(recovery->wait(base::seconds{2}));
  EXPECT_FALSE(kernel[0].frozen);
  EXPECT_THAT(recovery->report(), ElementsAre(HasSubstr("not known")));
}

TEST_F(RecoveryTest, ALiveThreadInItsFreezeIsWaitedForAndNamed) {
  leave("/proc");
  kernel[0].hold_freeze = true;
  std::thread freezer([&] { freeze_once(table[0], own.get(), kernel); });
  ASSERT_TRUE(eventually([&] { return kernel[0].in_freeze.load(); }));
  const auto recovery = recover();
  EXPECT_FALSE(recovery->wait(milliseconds{200}));
  EXPECT_EQ(kernel[0].thaw_calls, 0);
  EXPECT_TRUE(recovery->must_go_on());
  EXPECT_THAT(recovery->waiting_for(), HasSubstr("/proc: its freeze is in flight"));
  EXPECT_THAT(recovery->report(), ElementsAre(HasSubstr(std::to_string(::getpid()))));
  kernel[0].hold_freeze = false;
  freezer.join();
  EXPECT_TRUE(recovery->wait(base::seconds{2}));
  EXPECT_FALSE(kernel[0].frozen);
}

TEST_F(RecoveryTest, ADeviceThatIsGoneIsGivenUp) {
  leave("/proc");
  table[0].device = {4094, 77};
  freeze_once(table[0], own.get(), kernel);
  const auto recovery = recover();
  EXPECT_TRUE(recovery->wait(base::seconds{1}));
  EXPECT_EQ(state(0).outcome, Outcome::kOwnerUnknown);
  EXPECT_THAT(recovery->report(),
              ElementsAre(HasSubstr("given up: there is no block device 4094:77 any more")));
}

TEST_F(RecoveryTest, WithoutSysNobodyKnowsWhetherADeviceIsGone) {
  leave("/proc");
  table[0].device = {4094, 77};
  freeze_once(table[0], own.get(), kernel);
  auto recovery = Recovery::start(table, kernel, false, "/nonexistent");
  ASSERT_TRUE(recovery);
  EXPECT_FALSE((*recovery)->wait(milliseconds{200}));
  EXPECT_TRUE(table[0].open());
  EXPECT_FALSE((*recovery)->must_go_on());  // nothing is in flight: the patience may end
  EXPECT_THAT((*recovery)->report(), ElementsAre(HasSubstr("may still be frozen")));
}

TEST_F(RecoveryTest, WhatCouldNotBeReachedIsTriedAgain) {
  leave("/proc");
  const Device device = table[0].device;
  table[0].device = {0, 999'999};
  freeze_once(table[0], own.get(), kernel);
  const auto recovery = recover();
  EXPECT_FALSE(recovery->wait(milliseconds{200}));
  table[0].device = device;  // its mount has come back, so to speak
  EXPECT_TRUE(recovery->wait(base::seconds{3}));
  EXPECT_FALSE(kernel[0].frozen);
  EXPECT_EQ(kernel[0].thaws, 1);
}

TEST_F(RecoveryTest, WhatCannotBeFoundStaysOpenAndIsNamed) {
  leave("/proc");
  table[0].device = {0, 999'999};  // no device of its own, and no mount shows it
  freeze_once(table[0], own.get(), kernel);
  const auto recovery = recover();
  EXPECT_FALSE(recovery->wait(milliseconds{200}));
  EXPECT_TRUE(table[0].open());
  EXPECT_THAT(recovery->report(), ElementsAre(HasSubstr("cannot be opened")));
}

}  // namespace
}  // namespace vss::freezer
