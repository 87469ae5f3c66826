#include "operator/frozen_mounts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "platform/clock.hpp"

namespace vss::operators {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<FreezableFilesystem> freezable(std::string_view text) {
  plan::MountTable table;
  EXPECT_TRUE(table.parse(text));
  return freezable_filesystems(table, "/proc/1/root");
}

TEST(FreezableFilesystems, AreNamedOnceWithAllTheirMounts) {
  const auto found = freezable(
      "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "22 21 0:31 / /data rw - btrfs /dev/sdb rw\n"
      "23 21 8:1 /srv /srv ro - ext4 /dev/sda1 rw\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].mount_point, "/");
  ASSERT_EQ(found[0].places.size(), 2U);
  EXPECT_EQ(found[0].places[0].path, "/proc/1/root/");
  EXPECT_EQ(found[0].places[0].mount_id, 21U);
  EXPECT_EQ(found[0].places[1].path, "/proc/1/root/srv");
  EXPECT_EQ(found[1].mount_point, "/data");
}

TEST(FreezableFilesystems, AreNotThoseThatNobodyCanFreezeNorWhatMayHangByItself) {
  EXPECT_THAT(freezable("21 1 8:1 / /ro rw - ext4 /dev/sda1 ro\n"
                        "22 1 0:20 / /run rw - tmpfs tmpfs rw\n"
                        "23 1 0:21 / /proc rw - proc proc rw\n"
                        "24 1 0:40 / /nfs rw - nfs4 server:/x rw\n"
                        "25 1 0:41 / /fuse rw - fuse.sshfs x rw\n"
                        "26 1 0:42 / /new rw - newfs none rw\n"),
              IsEmpty());
  EXPECT_EQ(freezable("21 1 8:1 / /new rw - newfs /dev/sda1 rw\n").size(), 1U);
}

TEST(NotDoneInTime, NamesTheOneThatSleepsAndNoOther) {
  const std::vector<FreezableFilesystem> filesystems{
      {.mount_point = "/a", .places = {}},
      {.mount_point = "/b", .places = {}},
      {.mount_point = "/c", .places = {}},
  };
  const auto sleeps_at_b = [](const FreezableFilesystem& filesystem) {
    if (filesystem.mount_point == "/b") ::pause();
  };
  const base::Instant began = platform::now();
  const auto late = not_done_in_time(filesystems, sleeps_at_b, base::milliseconds(300));
  ASSERT_TRUE(late) << late.error().message;
  EXPECT_THAT(*late, ElementsAre("/b"));
  EXPECT_LT(platform::now() - began, base::seconds(5));
}

TEST(NotDoneInTime, IsOverWhenAllAreDone) {
  const std::vector<FreezableFilesystem> filesystems{{.mount_point = "/a", .places = {}}};
  const base::Instant began = platform::now();
  const auto late = not_done_in_time(filesystems, [](const auto&) {}, base::seconds(60));
  ASSERT_TRUE(late) << late.error().message;
  EXPECT_THAT(*late, IsEmpty());
  EXPECT_LT(platform::now() - began, base::seconds(30));
}

TEST(FrozenMountPoints, AreNoneOfAMachineThatRuns) {
  const auto frozen = frozen_mount_points();
  ASSERT_TRUE(frozen) << frozen.error().message;
  EXPECT_THAT(*frozen, IsEmpty());
}

}  // namespace
}  // namespace vss::operators
