#include "platform/block_graph.hpp"

#include <sys/stat.h>

#include "platform/sysfs_fixture.hpp"

namespace vss::platform {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class BlockGraph : public SysfsTree {
 protected:
  std::vector<BlockDeviceFacts> stack(BlockNumber number) {
    std::vector<BlockDeviceFacts> found;
    read_block_stack(sysfs_, number, found);
    return found;
  }
};

TEST_F(BlockGraph, APartitionAndItsDisk) {
  disk("8:0", "sda");
  device("8:1", "devices/pci/host0/block/sda/sda1");
  write("devices/pci/host0/block/sda/sda1/partition", "1\n");
  const auto found = stack({8, 1});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "sda1");
  EXPECT_EQ(found[0].partition_of, (BlockNumber{8, 0}));
  EXPECT_FALSE(found[0].hardware);
  EXPECT_EQ(found[1].name, "sda");
  EXPECT_TRUE(found[1].hardware);
  EXPECT_FALSE(found[1].loop);
}

TEST(DecodeDevice, AsTheKernelEncodes) {
  EXPECT_EQ(decode_device(0x0801), (BlockNumber{8, 1}));
  EXPECT_EQ(decode_device(0x2f), (BlockNumber{0, 47}));
  EXPECT_EQ(decode_device(0x12310305), (BlockNumber{0x103, 0x12305}));
}

TEST_F(BlockGraph, ALoopDeviceAndItsBackingFile) {
  device("7:0", "devices/virtual/block/loop0");
  write("devices/virtual/block/loop0/loop/backing_file", "/srv/a b.img (deleted)\n");
  const auto found = stack({7, 0});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].loop);
  EXPECT_EQ(found[0].backing_file, "/srv/a b.img (deleted)");
}

TEST_F(BlockGraph, ANewlineInTheBackingFilesNameStays) {
  device("7:0", "devices/virtual/block/loop0");
  write("devices/virtual/block/loop0/loop/backing_file", "/srv/a\nb.img\n");
  EXPECT_EQ(stack({7, 0})[0].backing_file, "/srv/a\nb.img");
}

TEST_F(BlockGraph, ALoopDeviceWithoutABackingFileIsStillALoopDevice) {
  device("7:1", "devices/virtual/block/loop1");
  EXPECT_TRUE(stack({7, 1})[0].loop);
  EXPECT_EQ(stack({7, 1})[0].backing_file, std::nullopt);
  write("devices/virtual/block/loop1/loop/backing_file", "\n");
  EXPECT_EQ(stack({7, 1})[0].backing_file, std::nullopt);
}

TEST_F(BlockGraph, APartitionOfALoopDevice) {
  device("7:0", "devices/virtual/block/loop0");
  write("devices/virtual/block/loop0/loop/backing_file", "/a.img\n");
  device("259:0", "devices/virtual/block/loop0/loop0p1");
  write("devices/virtual/block/loop0/loop0p1/partition", "1\n");
  const auto found = stack({259, 0});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_FALSE(found[0].loop);
  EXPECT_EQ(found[0].partition_of, (BlockNumber{7, 0}));
  EXPECT_EQ(found[1].backing_file, "/a.img");
}

TEST_F(BlockGraph, AVolumeOnAnArrayOnDisksEachDeviceOnce) {
  disk("8:0", "sda");
  disk("8:16", "sdb");
  device("9:0", "devices/virtual/block/md0");
  write("devices/virtual/block/md0/md/level", "raid1\n");
  slave("devices/virtual/block/md0", "devices/pci/host0/block/sda");
  slave("devices/virtual/block/md0", "devices/pci/host0/block/sdb");
  device("253:0", "devices/virtual/block/dm-0");
  write("devices/virtual/block/dm-0/dm/name", "vg-root\n");
  slave("devices/virtual/block/dm-0", "devices/virtual/block/md0");
  slave("devices/virtual/block/dm-0", "devices/pci/host0/block/sda");
  auto found = stack({253, 0});
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].mapper_name, "vg-root");
  EXPECT_THAT(found[0].slaves, ElementsAre(BlockNumber{9, 0}, BlockNumber{8, 0}));
  read_block_stack(sysfs_, {9, 0}, found);
  EXPECT_EQ(found.size(), 4U);
  EXPECT_EQ(stack({9, 0})[0].array_level, "raid1");
}

TEST_F(BlockGraph, ADeviceMapperDeviceWithWhatMadeItAndWhetherItIsSuspended) {
  device("253:0", "devices/virtual/block/dm-0");
  write("devices/virtual/block/dm-0/dm/name", "cryptroot\n");
  EXPECT_EQ(stack({253, 0})[0].suspended, std::nullopt);
  write("devices/virtual/block/dm-0/dm/uuid", "CRYPT-LUKS2-77-cryptroot\n");
  write("devices/virtual/block/dm-0/dm/suspended", "0\n");
  EXPECT_EQ(stack({253, 0})[0].mapper_uuid, "CRYPT-LUKS2-77-cryptroot");
  EXPECT_EQ(stack({253, 0})[0].suspended, false);
  write("devices/virtual/block/dm-0/dm/suspended", "1\n");
  EXPECT_EQ(stack({253, 0})[0].suspended, true);
}

TEST_F(BlockGraph, AnAttributeThatIsNoShortFileIsNone) {
  device("9:0", "devices/virtual/block/md0");
  const fs::path level = sysfs_ / "devices/virtual/block/md0/md/level";
  fs::create_directories(level.parent_path());
  ASSERT_EQ(::mkfifo(level.c_str(), 0600), 0);
  EXPECT_EQ(stack({9, 0})[0].array_level, "");
  fs::remove(level);
  fs::create_symlink("/dev/zero", level);
  EXPECT_EQ(stack({9, 0})[0].array_level, "");
  fs::remove(level);
  write("devices/virtual/block/md0/md/level", std::string(4097, 'x'));
  EXPECT_EQ(stack({9, 0})[0].array_level, "");
  write("devices/virtual/block/md0/md/level", std::string(4096, 'x'));
  EXPECT_EQ(stack({9, 0})[0].array_level.size(), 4096U);
}

TEST_F(BlockGraph, APartThatCannotBeReadIsNotSilentlyLeftOut) {
  disk("8:0", "sda");
  device("9:0", "devices/virtual/block/md0");
  slave("devices/virtual/block/md0", "devices/pci/host0/block/sda");
  EXPECT_TRUE(stack({9, 0})[0].slaves_complete);
  fs::create_directory_symlink("../../../nowhere/sdb",
                               sysfs_ / "devices/virtual/block/md0/slaves/sdb");
  EXPECT_FALSE(stack({9, 0})[0].slaves_complete);
}

TEST_F(BlockGraph, ARingOfDevicesEnds) {
  device("253:0", "devices/virtual/block/dm-0");
  device("253:1", "devices/virtual/block/dm-1");
  slave("devices/virtual/block/dm-0", "devices/virtual/block/dm-1");
  slave("devices/virtual/block/dm-1", "devices/virtual/block/dm-0");
  EXPECT_EQ(stack({253, 0}).size(), 2U);
}

TEST_F(BlockGraph, LabelsAreTheLinksWhoseDevicesSysKnows) {
  disk("8:0", "sda");
  const fs::path directory = sysfs_ / "by-label";
  fs::create_directories(directory);
  fs::create_symlink("../../sda", directory / "My\\x20data\\x2f1");
  fs::create_symlink("../../sdz", directory / "gone");
  const auto labels = read_labels(sysfs_, directory);
  ASSERT_EQ(labels.size(), 1U);
  EXPECT_EQ(labels[0].device, (BlockNumber{8, 0}));
  EXPECT_EQ(labels[0].label, "My data/1");
  EXPECT_THAT(read_labels(sysfs_, directory / "absent"), IsEmpty());
}

TEST_F(BlockGraph, WhatSysDoesNotKnowIsLeftOut) {
  EXPECT_THAT(stack({8, 99}), IsEmpty());
}

TEST_F(BlockGraph, WithoutSysNothingIsVisible) {
  EXPECT_TRUE(block_devices_visible(sysfs_));
  EXPECT_FALSE(block_devices_visible(sysfs_ / "absent"));
}

}  // namespace
}  // namespace vss::platform
