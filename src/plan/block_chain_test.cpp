// Which block devices can be explained, in which words, and which are vetoes.
#include "plan/plan_fixture.hpp"

namespace vss::plan {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class BlockDevices : public PlanFixture {
 protected:
  BlockDevices() {
    for (std::uint32_t disk_number = 0; disk_number < 2; ++disk_number) {
      const std::string name = disk_number == 0 ? "sda" : "sdb";
      disk({8, disk_number * 16}, name);
      for (std::uint32_t n = 1; n <= 3; ++n) {
        partition({8, disk_number * 16 + n}, name + std::to_string(n), {8, disk_number * 16});
      }
    }
  }
  // What becomes of an ext4 on this device.
  std::string reason_on(DeviceNumber device) {
    given("28 1 " + std::string(to_text(device).view()) + " / / rw - ext4 /dev/x rw");
    make();
    return reason("/");
  }
};

TEST_F(BlockDevices, VolumesOnEncryptedArraysAreExplainedDownToThePartitions) {
  array(0, "raid1", {{8, 2}, {8, 18}});
  mapped(0, "cryptroot", "CRYPT-LUKS2-77-cryptroot", {{9, 0}});
  mapped(1, "vg-root", "LVM-abc", {{253, 0}});
  EXPECT_EQ(reason_on({253, 1}),
            "ext4 on LVM vg-root on LUKS cryptroot on md0 (raid1) on sda2, sdb2");
  EXPECT_EQ(action("/"), Action::kFreeze);
}

TEST_F(BlockDevices, WhatMadeAMappedDeviceIsNamedByItsUuid) {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"mpath-36001", "multipath"},
      {"part1-mpath-36001", "partition"},
      {"CRYPT-PLAIN-x", "crypt"},
      {"stratis-1-private-x", "Stratis"},
      {"", "device-mapper"}};
  for (std::uint32_t n = 0; n < kinds.size(); ++n) {
    mapped(n, "name", kinds[n].first, {{8, 0}});
    EXPECT_EQ(reason_on({253, n}), "ext4 on " + kinds[n].second + " name on sda");
  }
}

TEST_F(BlockDevices, PartitionsNameWhatTheirDeviceIsMadeOf) {
  array(127, "raid1", {{8, 0}, {8, 16}});
  partition({259, 3}, "md127p1", {9, 127});
  EXPECT_EQ(reason_on({259, 3}), "ext4 on md127p1 on md127 (raid1) on sda, sdb");
  EXPECT_EQ(reason_on({8, 1}), "ext4 on disk sda");
}

TEST_F(BlockDevices, ACacheOrAMirrorOverTheNetworkIsWhatItsPartsAre) {
  virtual_device({251, 0}, "bcache0", {{8, 1}, {8, 17}});
  EXPECT_EQ(reason_on({251, 0}), "ext4 on bcache0 on sda1, sdb1");
}

TEST_F(BlockDevices, ALoopDeviceBelowOthersStillFreezesBeforeWhatHoldsItsFile) {
  loop({7, 0}, "/images/a.img");
  mapped(0, "secret", "CRYPT-LUKS2-1-secret", {{7, 0}});
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda1 rw
    29 28 253:0 / /secret rw - xfs /dev/mapper/secret rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/secret"}, {"/"}}));
  EXPECT_EQ(reason("/secret"),
            "xfs on LUKS secret on loop0, frozen before /, which holds its backing file "
            "/images/a.img");
}

TEST_F(BlockDevices, OfSeveralFilesTheOneThatIsOnAFrozenFilesystemIsNamed) {
  loop({7, 0}, "/memory/a.img");
  loop({7, 1}, "/b.img");
  array(0, "raid0", {{7, 0}, {7, 1}});
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda1 rw
    29 28 0:40 / /memory rw - tmpfs tmpfs rw
    30 28 9:0 / /mnt rw - ext4 /dev/md0 rw)");
  make();
  EXPECT_EQ(reason("/mnt"),
            "ext4 on md0 (raid0) on loop0, loop1, frozen before /, which holds a backing file "
            "/b.img");
}

TEST_F(BlockDevices, SuspendedAnywhereIsAVetoThatSaysHowToResume) {
  mapped(0, "vg-pool", "LVM-a", {{8, 1}}, true);
  mapped(1, "vg-root", "LVM-b", {{253, 0}});
  EXPECT_EQ(reason_on({253, 1}),
            "lies on device-mapper device vg-pool, which is suspended, and a freeze would wait for "
            "it: `dmsetup resume vg-pool`, or leave it out with `exclude`");
  EXPECT_EQ(action("/"), Action::kVeto);
}

TEST_F(BlockDevices, WhetherItIsSuspendedMustBeKnown) {
  mapped(0, "vg-root", "LVM-a", {{8, 1}}, std::nullopt);
  EXPECT_THAT(reason_on({253, 0}), HasSubstr("does not say whether that is suspended"));
  EXPECT_EQ(action("/"), Action::kVeto);
}

TEST_F(BlockDevices, AMappedDeviceWithoutANameIsStillOne) {
  mapped(0, "", "LVM-a", {{8, 1}}, true);
  mapped(1, "", "", {{8, 1}}, false);
  mapped(2, "", "", {{8, 1}}, std::nullopt);
  EXPECT_EQ(reason_on({253, 0}),
            "lies on device-mapper device dm-0, which is suspended, and a freeze would wait for "
            "it: `dmsetup resume --major 253 --minor 0`, or leave it out with `exclude`");
  EXPECT_EQ(reason_on({253, 1}),
            "the name of device-mapper device dm-1 cannot be read in /sys: leave it out with "
            "`exclude`");
  EXPECT_THAT(reason_on({253, 2}), HasSubstr("does not say whether that is suspended"));
  EXPECT_EQ(action("/"), Action::kVeto);
}

TEST_F(BlockDevices, WhatDoesNotSayWhatItIsMadeOfIsAVeto) {
  mapped(0, "zero", "", {});
  array(0, "raid5", {});
  EXPECT_EQ(reason_on({253, 0}),
            "lies on device-mapper device zero, and /sys does not say what that is made of: leave "
            "it out with `exclude`");
  EXPECT_THAT(reason_on({9, 0}), HasSubstr("md array md0"));
  EXPECT_EQ(action("/"), Action::kVeto);
}

TEST_F(BlockDevices, WhatSomebodyElseServesIsAVeto) {
  virtual_device({43, 0}, "nbd0", {});
  partition({43, 1}, "nbd0p1", {43, 0});
  virtual_device({259, 9}, "ublkb0", {});
  EXPECT_THAT(reason_on({43, 1}), HasSubstr("lies on network block device nbd0, and nobody can"));
  EXPECT_THAT(reason_on({259, 9}), HasSubstr("virtual block device ublkb0"));
  EXPECT_EQ(action("/"), Action::kVeto);
}

TEST_F(BlockDevices, APartThatCannotBeReadIsAVeto) {
  array(0, "raid1", {{8, 1}});
  blocks.devices.back().slaves_complete = false;
  EXPECT_EQ(reason_on({9, 0}),
            "a part of md array md0 cannot be read in /sys: leave it out with `exclude`");
}

TEST_F(BlockDevices, APartThatSysKnowsNothingOfIsAVeto) {
  mapped(0, "vg-root", "LVM-a", {{8, 99}});
  EXPECT_THAT(reason_on({253, 0}), HasSubstr("/sys says nothing about block device 8:99"));
}

TEST_F(BlockDevices, ARingOfDevicesIsAVeto) {
  mapped(0, "a", "", {{253, 1}});
  mapped(1, "b", "", {{8, 1}, {253, 0}});
  EXPECT_EQ(reason_on({253, 0}),
            "its block devices lie on each other in a ring, by way of device-mapper a: leave it "
            "out with `exclude`");
}

TEST_F(BlockDevices, TwoWaysToTheSameDiskAreNoRing) {
  mapped(0, "pool_tmeta", "LVM-a", {{8, 1}});
  mapped(1, "pool_tdata", "LVM-b", {{8, 1}});
  mapped(2, "pool-tpool", "LVM-c", {{253, 0}, {253, 1}});
  EXPECT_EQ(reason_on({253, 2}),
            "ext4 on LVM pool-tpool on LVM pool_tmeta on sda1, LVM pool_tdata on sda1");
  EXPECT_EQ(action("/"), Action::kFreeze);
}

TEST_F(BlockDevices, StacksHaveAnEnd) {
  constexpr std::uint32_t kTop = 20;
  mapped(0, "m0", "", {{8, 1}});
  for (std::uint32_t n = 1; n <= kTop; ++n) {
    mapped(n, "m" + std::to_string(n), "", {{253, n - 1}});
  }
  EXPECT_THAT(reason_on({253, kTop}), HasSubstr("stacked more than 16 deep"));
  EXPECT_THAT(reason_on({253, 3}), EndsWith("device-mapper m0 on sda1"));
  EXPECT_EQ(action("/"), Action::kFreeze);
}

// Each level doubles the ways down: neither the walk nor the words may follow all of them.
TEST_F(BlockDevices, ManyWaysDownAreCutShort) {
  mapped(0, "m0", "LVM-x", {{8, 1}});
  for (std::uint32_t n = 1; n <= 13; ++n) {
    mapped(n, "m" + std::to_string(n), "LVM-x", {{253, n - 1}, {253, n - 1}});
  }
  EXPECT_THAT(reason_on({253, 13}), AllOf(HasSubstr("LVM m13 on LVM m12"), EndsWith(" …")));
  EXPECT_EQ(action("/"), Action::kFreeze);
}

// ZFS may write to a file on any filesystem here to store it.
TEST_F(BlockDevices, AVolumeOfAPoolFreezesBeforeAllOthers) {
  virtual_device({230, 0}, "zd0", {});
  partition({230, 1}, "zd0p1", {230, 0});
  loop({7, 0}, "/a.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda1 rw
    29 28 230:1 / /vm rw - ext4 /dev/zd0p1 rw
    30 28 7:0 / /a rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/vm"}, {"/a"}, {"/"}}));
  EXPECT_EQ(reason("/vm"),
            "ext4 on disk zd0, frozen before all others: its ZFS pool may lie on any of them");
}

TEST_F(BlockDevices, AFileOnAVolumeOfAPoolFreezesBeforeAllOthersToo) {
  request.require_filesystem = false;
  virtual_device({230, 0}, "zd0", {});
  loop({7, 0}, "/usb/a.img");
  loop({7, 1}, "/b.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda1 rw
    29 28 230:0 / /usb rw - vfat /dev/zd0 rw
    30 28 7:0 / /a rw - ext4 /dev/loop0 rw
    31 28 7:1 / /b rw - ext4 /dev/loop1 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/a"}, {"/b"}, {"/"}}));
}

TEST_F(BlockDevices, AMemoryDiskIsNotPersistent) {
  BlockDevice device;
  device.device = {252, 0};
  device.name = "zram0";
  blocks.devices.push_back(device);
  given("28 1 252:0 / /var/log rw - ext4 /dev/zram0 rw");
  make();
  EXPECT_EQ(action("/var/log"), Action::kSkip);
}

TEST_F(BlockDevices, AMirrorOfMemoryAndADiskIsPersistent) {
  virtual_device({252, 0}, "zram0", {});
  array(0, "raid1", {{252, 0}, {8, 1}});
  EXPECT_EQ(reason_on({9, 0}), "ext4 on md0 (raid1) on zram0, sda1");
  EXPECT_EQ(action("/"), Action::kFreeze);
}

TEST_F(BlockDevices, ADeviceThatSysKnowsNothingOfIsAVeto) {
  given("28 1 8:77 / /x rw - ext4 /dev/sde13 rw");
  make();
  EXPECT_EQ(reason("/x"), "/sys says nothing about block device 8:77: leave it out with `exclude`");
}

TEST_F(BlockDevices, ALogOnALoopDeviceIsFollowedLikeTheRest) {
  loop({7, 0}, "/images/log.img");
  blocks.named.push_back({"/dev/loop0", {7, 0}});
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda1 rw
    29 28 8:17 / /data rw - xfs /dev/sdb1 rw,attr2,logdev=/dev/loop0,noquota)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/data"}, {"/"}}));
  EXPECT_EQ(reason("/data"),
            "xfs on disk sdb, log on loop0, frozen before /, which holds its backing file "
            "/images/log.img");
}

TEST_F(BlockDevices, RealtimeDataOnAnotherDiskChangesNothing) {
  blocks.named.push_back({"/dev/disk/by-id/x", {8, 18}});
  given("29 28 8:17 / /data rw - xfs /dev/sdb1 rw,rtdev=/dev/disk/by-id/x,noquota");
  make();
  EXPECT_EQ(reason("/data"), "xfs on disk sdb, realtime data on sdb2");
}

TEST_F(BlockDevices, ALogThatCannotBeFoundIsAVeto) {
  given("29 28 8:17 / /data rw - xfs /dev/sdb1 rw,logdev=/dev/loop0,noquota");
  make();
  EXPECT_EQ(reason("/data"),
            "keeps its log on a device of its own, /dev/loop0, and that cannot be found: leave it "
            "out with `exclude`");
  blocks = {};
  make();
  EXPECT_EQ(action("/data"), Action::kVeto);
}

TEST_F(BlockDevices, AFilesystemOnSeveralNamesAllOfThem) {
  blocks.members.push_back({{0, 39}, {{8, 1}, {8, 17}}});
  given("28 1 0:39 / / rw - btrfs /dev/sda1 rw");
  make();
  EXPECT_EQ(reason("/"), "btrfs on sda1 + sdb1");
  EXPECT_THAT(reason("/"), Not(HasSubstr("disk")));
}

}  // namespace
}  // namespace vss::plan
