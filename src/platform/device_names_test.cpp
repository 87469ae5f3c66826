#include "platform/device_names.hpp"

#include "platform/sysfs_fixture.hpp"

namespace vss::platform {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DeviceNamesTest : public SysfsTree {
 protected:
  DeviceNames names() { return DeviceNames({sysfs_, "", sysfs_ / "names"}); }
  std::optional<BlockNumber> by_path(const std::string& dev, std::string_view path) {
    return DeviceNames({sysfs_, dev, ""}).device(path);
  }
};

TEST_F(DeviceNamesTest, ADeviceIsFoundByThePathThatSysOrTheDirectoryOfDevicesKnows) {
  disk("8:0", "sda");
  EXPECT_EQ(by_path("", "/dev/sda"), (BlockNumber{8, 0}));
  EXPECT_EQ(by_path("", "/dev/disk/by-id/x"), std::nullopt);
  EXPECT_EQ(by_path("/dev", "/dev/null"), std::nullopt);
  EXPECT_EQ(by_path("/dev", "/etc/passwd"), std::nullopt);
  EXPECT_EQ(by_path("/dev", "/dev/../dev/null"), std::nullopt);
  EXPECT_EQ(by_path("/proc", "/dev/self"), std::nullopt);
}

TEST_F(DeviceNamesTest, AllDevicesOfABtrfsFromTheOneThatTheMountNames) {
  disk("8:0", "sda");
  disk("8:16", "sdb");
  device("253:0", "devices/virtual/block/dm-0");
  write("devices/virtual/block/dm-0/dm/name", "vg-b\n");
  const fs::path devices = sysfs_ / "fs/btrfs/6f5e/devices";
  fs::create_directories(devices);
  fs::create_directory_symlink(sysfs_ / "devices/pci/host0/block/sdb", devices / "sdb");
  fs::create_directory_symlink(sysfs_ / "devices/virtual/block/dm-0", devices / "dm-0");
  fs::create_directories(sysfs_ / "fs/btrfs/features");
  const auto both = ElementsAre(BlockNumber{253, 0}, BlockNumber{8, 16});
  EXPECT_THAT(names().members("btrfs", "/dev/sdb"), both);
  EXPECT_THAT(names().members("btrfs", "/dev/mapper/vg-b"), both);
  EXPECT_THAT(names().members("btrfs", "/dev/sda"), IsEmpty());
  EXPECT_THAT(names().members("btrfs", "/dev/root"), IsEmpty());
  EXPECT_THAT(names().members("btrfs", "none"), IsEmpty());
}

TEST_F(DeviceNamesTest, AListOfDevicesIsAllOfThemOrNothing) {
  disk("8:0", "sda");
  disk("104:0", "cciss!c0d0");
  EXPECT_THAT(names().members("bcachefs", "/dev/sda:/dev/cciss/c0d0"),
              ElementsAre(BlockNumber{8, 0}, BlockNumber{104, 0}));
  EXPECT_THAT(names().members("bcachefs", "/dev/sda:/dev/sdz"), IsEmpty());
}

TEST_F(DeviceNamesTest, OfARecordedMachineTheLinkSaysIt) {
  device("253:0", "devices/virtual/block/dm-0");
  fs::create_directories(sysfs_ / "names/vg");
  fs::create_symlink("../../class/block/dm-0", sysfs_ / "names/vg/log");
  fs::create_symlink("../../class/block/dm-1", sysfs_ / "names/vg/gone");
  write("names/vg/file", "253:0\n");
  EXPECT_EQ(names().device("/dev/vg/log"), (BlockNumber{253, 0}));
  EXPECT_EQ(names().device("/dev/vg/gone"), std::nullopt);
  EXPECT_EQ(names().device("/dev/vg/file"), std::nullopt);
  EXPECT_EQ(by_path("", "/dev/vg/log"), std::nullopt);
}

TEST_F(DeviceNamesTest, NoLinkOutsideOfTheRecordingIsRead) {
  device("253:0", "devices/virtual/block/dm-0");
  fs::create_directories(sysfs_ / "names");
  fs::create_directories(sysfs_ / "outside");
  fs::create_symlink("../class/block/dm-0", sysfs_ / "outside/log");
  fs::create_directory_symlink("../outside", sysfs_ / "names/vg");
  EXPECT_EQ(names().device("/dev/vg/log"), std::nullopt);
  EXPECT_EQ(names().device("/dev/../outside/log"), std::nullopt);
}

// Once for all questions: with many filesystems a search for each takes seconds.
TEST_F(DeviceNamesTest, WhatMustBeSearchedForIsReadOnce) {
  disk("8:0", "sda");
  device("253:0", "devices/virtual/block/dm-0");
  write("devices/virtual/block/dm-0/dm/name", "vg-b\n");
  fs::create_directories(sysfs_ / "fs/btrfs/6f5e/devices");
  fs::create_directory_symlink(sysfs_ / "devices/pci/host0/block/sda",
                               sysfs_ / "fs/btrfs/6f5e/devices/sda");
  DeviceNames names({sysfs_, "", ""});
  EXPECT_EQ(names.device("/dev/mapper/vg-b"), (BlockNumber{253, 0}));
  EXPECT_THAT(names.members("btrfs", "/dev/sda"), ElementsAre(BlockNumber{8, 0}));
  fs::remove_all(sysfs_ / "devices/virtual/block/dm-0/dm");
  fs::remove_all(sysfs_ / "fs");
  EXPECT_EQ(names.device("/dev/mapper/vg-b"), (BlockNumber{253, 0}));
  EXPECT_THAT(names.members("btrfs", "/dev/sda"), ElementsAre(BlockNumber{8, 0}));
}

}  // namespace
}  // namespace vss::platform
