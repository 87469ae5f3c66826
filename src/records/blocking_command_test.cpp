#include "records/blocking_command.hpp"

#include <gtest/gtest.h>

namespace vss::records {
namespace {

TEST(CommandThatBlocks, IsFoundWhereverItStands) {
  EXPECT_EQ(command_that_blocks("btrfs subvolume snapshot / /s"), "btrfs subvolume snapshot");
  EXPECT_EQ(command_that_blocks("sudo /usr/bin/btrfs sub snap -r / /s"),
            "btrfs subvolume snapshot");
  EXPECT_EQ(command_that_blocks("lvcreate -L 1G -s -n copy vg/data"), "lvcreate -s");
  EXPECT_EQ(command_that_blocks("sh -c 'sync; lvcreate --snapshot vg/data'"), "lvcreate -s");
}

TEST(CommandThatBlocks, IsNotEverythingThatLooksLikeIt) {
  EXPECT_FALSE(command_that_blocks(""));
  EXPECT_FALSE(command_that_blocks("btrfs subvolume list /"));
  EXPECT_FALSE(command_that_blocks("btrfs subvolume"));
  EXPECT_FALSE(command_that_blocks("lvcreate -L 1G -n data vg"));
  EXPECT_FALSE(command_that_blocks("lvcreate --size 1G vg"));
  EXPECT_FALSE(command_that_blocks("cp -s a b"));
}

}  // namespace
}  // namespace vss::records
