// A tree of files stands in for /sys: which devices are found below the mounts of a table.
#include "freezer/block_lookup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace vss::freezer {
namespace {

namespace fs = std::filesystem;
using plan::DeviceNumber;
using testing::ElementsAre;
using testing::IsEmpty;

class BlockLookup : public testing::Test {
 protected:
  BlockLookup()
      : sysfs_(fs::path(testing::TempDir()) / ("block_lookup_test." + std::to_string(::getpid()))) {
    fs::remove_all(sysfs_);
    fs::create_directories(sysfs_ / "dev/block");
    fs::create_directories(sysfs_ / "class/block");
  }
  ~BlockLookup() override { fs::remove_all(sysfs_); }

  void write(const fs::path& path, const std::string& text) {
    fs::create_directories((sysfs_ / path).parent_path());
    std::ofstream(sysfs_ / path) << text;
  }
  void device(const std::string& number, const std::string& name) {
    const std::string directory = "devices/virtual/block/" + name;
    write(directory + "/dev", number + "\n");
    fs::create_directory_symlink(sysfs_ / directory, sysfs_ / "dev/block" / number);
    fs::create_directory_symlink(sysfs_ / directory, sysfs_ / "class/block" / name);
  }
  void loop(const std::string& number, const std::string& name, const std::string& file) {
    device(number, name);
    write("devices/virtual/block/" + name + "/loop/backing_file", file + "\n");
  }
  void look_up(const std::string& lines) {
    ASSERT_TRUE(table_.parse(lines).has_value());
    blocks_ = look_up_devices(table_, places());
  }
  BlockPlaces places() const { return {.sysfs = sysfs_, .labels = "", .dev = "", .recording = ""}; }

  const plan::BlockDevice* find(DeviceNumber number) const {
    const auto found = std::ranges::find(blocks_.devices, number, &plan::BlockDevice::device);
    return found == blocks_.devices.end() ? nullptr : &*found;
  }
  std::vector<DeviceNumber> parts(DeviceNumber number) const {
    const plan::BlockDevice* const device = find(number);
    if (device == nullptr) ADD_FAILURE() << "not looked up: " << to_text(number).view();
    return device == nullptr ? std::vector<DeviceNumber>{} : device->slaves;
  }

  fs::path sysfs_;
  plan::MountTable table_;
  plan::BlockStack blocks_;
};

TEST_F(BlockLookup, ALoopDeviceOnALoopDeviceIsFollowedToTheFile) {
  loop("7:0", "loop0", "/data/img");
  loop("7:1", "loop1", "/dev/loop0");
  loop("7:2", "loop2", "/dev/loop1");
  look_up("31 28 7:2 / /mnt rw - ext4 /dev/loop2 rw\n");
  EXPECT_THAT(parts({7, 2}), ElementsAre(DeviceNumber{7, 1}));
  EXPECT_THAT(parts({7, 1}), ElementsAre(DeviceNumber{7, 0}));
  EXPECT_THAT(parts({7, 0}), IsEmpty());
  ASSERT_NE(find({7, 0}), nullptr);
  EXPECT_EQ(find({7, 0})->backing_file, "/data/img");
}

TEST_F(BlockLookup, ALoopDeviceOnAMappedDeviceIsFoundByEitherName) {
  device("253:3", "dm-3");
  write("devices/virtual/block/dm-3/dm/name", "vg-lv\n");
  write("devices/virtual/block/dm-3/dm/suspended", "1\n");
  loop("7:0", "loop0", "/dev/mapper/vg-lv");
  loop("7:1", "loop1", "/dev/dm-3");
  look_up(
      "31 28 7:0 / /a rw - ext4 /dev/loop0 rw\n"
      "32 28 7:1 / /b rw - ext4 /dev/loop1 rw\n");
  EXPECT_THAT(parts({7, 0}), ElementsAre(DeviceNumber{253, 3}));
  EXPECT_THAT(parts({7, 1}), ElementsAre(DeviceNumber{253, 3}));
  ASSERT_NE(find({253, 3}), nullptr);
  EXPECT_EQ(find({253, 3})->suspended, true);
}

TEST_F(BlockLookup, WhatIsNoDeviceIsNotFollowed) {
  loop("7:0", "loop0", "/dev/shm/a.img");
  loop("7:1", "loop1", "/loop0");
  look_up(
      "31 28 7:0 / /a rw - ext4 /dev/loop0 rw\n"
      "32 28 7:1 / /b rw - ext4 /dev/loop1 rw\n");
  EXPECT_THAT(parts({7, 0}), IsEmpty());
  EXPECT_THAT(parts({7, 1}), IsEmpty());
}

// The number of a device that the kernel says a loop device lies on, whatever its path is called.
TEST_F(BlockLookup, PartsThatBecameKnownLaterAreLookedUpWithAllBelowThem) {
  loop("7:0", "loop0", "/data/img");
  loop("7:1", "loop1", "/dev/loop0");
  loop("7:2", "loop2", "/jail/dev/disk");
  look_up("31 28 7:2 / /mnt rw - ext4 /dev/loop2 rw\n");
  ASSERT_EQ(blocks_.devices.size(), 1U);
  blocks_.devices.front().slaves = {{7, 1}};
  look_up_missing_parts(blocks_, places());
  EXPECT_EQ(blocks_.devices.size(), 3U);
  EXPECT_THAT(parts({7, 1}), ElementsAre(DeviceNumber{7, 0}));
  look_up_missing_parts(blocks_, places());
  EXPECT_EQ(blocks_.devices.size(), 3U);
}

}  // namespace
}  // namespace vss::freezer
