// Loop devices that lie on a device in place of a file, or on a file that nobody knows here.
#include "plan/plan_fixture.hpp"

namespace vss::plan {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class LoopDevices : public PlanFixture {
 protected:
  LoopDevices() {
    disk({8, 1}, "sda");
    disk({8, 2}, "sdb");
  }
};

// Only the upper loop device is mounted: the file of the lower one decides.
TEST_F(LoopDevices, OnALoopDeviceItFreezesBeforeWhatHoldsThatOnesFile) {
  loop({7, 2}, "/home/disk.img");
  loop({7, 0}, "/data/img");
  loop_on({7, 1}, "/dev/loop0", {7, 0});
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    24 28 0:5 / /dev rw - devtmpfs udev rw
    29 28 8:2 / /home rw - ext4 /dev/sdb rw
    30 28 7:2 / /data rw - ext4 /dev/loop2 rw
    31 28 7:1 / /mnt/a rw - ext4 /dev/loop1 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/a"}, {"/data"}, {"/home", "/"}}));
  EXPECT_EQ(reason("/mnt/a"),
            "ext4 on loop1 on loop0, frozen before /data, which holds its backing file /data/img");
}

TEST_F(LoopDevices, OnASuspendedVolumeItIsAVeto) {
  mapped(0, "vg-lv", "LVM-a", {{8, 2}}, true);
  loop_on({7, 1}, "/dev/mapper/vg-lv", {253, 0});
  given("31 28 7:1 / /mnt/a rw - ext4 /dev/loop1 rw");
  make();
  EXPECT_EQ(action("/mnt/a"), Action::kVeto);
  EXPECT_THAT(reason("/mnt/a"), HasSubstr("`dmsetup resume vg-lv`"));
}

TEST_F(LoopDevices, OnAMemoryDiskItIsNotPersistent) {
  virtual_device({252, 0}, "zram0", {});
  loop_on({7, 1}, "/dev/zram0", {252, 0});
  given("31 28 7:1 / /mnt/a rw - ext4 /dev/loop1 rw");
  make();
  EXPECT_EQ(reason("/mnt/a"), "not persistent: on the memory disk loop1 on zram0");
}

TEST_F(LoopDevices, WhatARootOnLoopDevicesLiesOnIsForbidden) {
  const Forbidden forbidden[] = {{{7, 1}, "/"}};
  request.forbidden = forbidden;
  loop({7, 0}, "/data/root.img");
  loop_on({7, 1}, "/dev/loop0", {7, 0});
  given(R"(
    28 1 7:1 / / rw - ext4 /dev/loop1 rw
    29 28 8:2 / /data rw - ext4 /dev/sdb rw)");
  make();
  EXPECT_EQ(layers(), Layers{});
  EXPECT_THAT(reason("/data"), HasSubstr("holds /: needs --allow-root"));
}

TEST_F(LoopDevices, OnADeviceThatCannotBeFoundItIsAVeto) {
  loop({7, 1}, "/dev/vg/lv");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    24 28 0:5 / /dev rw - devtmpfs udev rw
    31 28 7:1 / /mnt/a rw - ext4 /dev/loop1 rw)");
  make();
  EXPECT_EQ(plan.first_veto().view(),
            "/mnt/a: loop1 lies on /dev/vg/lv, and no such device can be found: leave it out with "
            "`exclude`");
}

TEST_F(LoopDevices, AFileInMemoryBelowTheDirectoryOfDevicesIsAFile) {
  loop({7, 0}, "/dev/shm/a.img");
  loop({7, 1}, "/dev/b.img");
  backed_by({{0, 5}, 12});
  given(R"(
    24 28 0:5 / /dev rw - devtmpfs udev rw
    25 24 0:25 / /dev/shm rw - tmpfs tmpfs rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw
    31 28 7:1 / /mnt/b rw - ext4 /dev/loop1 rw)");
  make();
  EXPECT_THAT(reason("/mnt/a"), HasSubstr("nothing is frozen at /dev/shm, which holds"));
  EXPECT_THAT(reason("/mnt/b"), HasSubstr("nothing is frozen at /dev, which holds"));
}

// FUSE and the network have such numbers; the server may write to any filesystem here.
TEST_F(LoopDevices, AFileOnAnUnknownFilesystemWithoutADeviceFreezesBeforeAllOthers) {
  loop({7, 0}, "/remote/a.img");
  backed_by({{0, 77}, 12});
  loop({7, 1}, "/b.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw
    31 28 7:1 / /mnt/b rw - ext4 /dev/loop1 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/a"}, {"/mnt/b"}, {"/"}}));
  blocks.devices[2].at_path = FileNumber{{8, 1}, 5};
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/a"}, {"/mnt/b"}, {"/"}}));
  EXPECT_THAT(reason("/mnt/a"), AllOf(HasSubstr("frozen before all others: nobody can tell"),
                                      HasSubstr("/remote/a.img")));
}

TEST_F(LoopDevices, OneFileThatIsLostDoesNotHideTheOthers) {
  const Forbidden forbidden[] = {{{9, 0}, "/"}};
  request.forbidden = forbidden;
  loop({7, 0}, std::nullopt);
  loop({7, 1}, "/data/b.img");
  array(0, "raid1", {{7, 0}, {7, 1}});
  given(R"(
    28 1 9:0 / / rw - ext4 /dev/md0 rw
    29 28 8:2 / /data rw - ext4 /dev/sdb rw)");
  make();
  EXPECT_EQ(action("/data"), Action::kVeto);
}

}  // namespace
}  // namespace vss::plan
