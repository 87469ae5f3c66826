#include "freezer/spared.hpp"

#include <gmock/gmock.h>

namespace vss::freezer {
namespace {

using testing::ElementsAre;

plan::MountTable table(std::string_view text) {
  plan::MountTable made;
  EXPECT_TRUE(made.parse(text));
  return made;
}

// Every subvolume of a btrfs has an st_dev of its own.
constexpr platform::PathIdentity kOnBtrfs{.mount_id = 812, .major = 0, .minor = 47, .inode = 256};

TEST(NumbersOf, TheMountIsInThePlannedTable) {
  const auto planned = table("812 1 0:39 / / rw - btrfs /dev/sda rw\n");
  EXPECT_THAT(numbers_of(kOnBtrfs, planned, planned),
              ElementsAre(plan::DeviceNumber{0, 47}, plan::DeviceNumber{0, 39}));
}

// The service has a mount namespace of its own, and plans by process 1's.
TEST(NumbersOf, TheMountIsInTheTableOfWhoLookedOnly) {
  const auto planned = table("28 1 0:39 / / rw - btrfs /dev/sda rw\n");
  const auto own = table("812 1 0:39 / / rw - btrfs /dev/sda rw\n");
  EXPECT_THAT(numbers_of(kOnBtrfs, planned, own),
              ElementsAre(plan::DeviceNumber{0, 47}, plan::DeviceNumber{0, 39}));
}

}  // namespace
}  // namespace vss::freezer
