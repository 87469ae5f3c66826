#include "plan/mount_point_index.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vss::plan {
namespace {

std::string line(int id, int parent, const char* point) {
  return std::to_string(id) + " " + std::to_string(parent) + " 8:" + std::to_string(id) + " / " +
         point + " rw - ext4 /dev/sda rw\n";
}

MountTable parsed(const std::string& text) {
  MountTable table;
  EXPECT_TRUE(table.parse(text));
  return table;
}

TEST(MountPointIndex, ThePathGoesToTheLongestMountPointOnItsWay) {
  const auto table =
      parsed(line(1, 0, "/") + line(2, 1, "/a") + line(3, 2, "/a/b") + line(4, 1, "/ab"));
  const MountPointIndex index(table);
  EXPECT_EQ(index.mount_of_path("/"), 0U);
  EXPECT_EQ(index.mount_of_path("/x/y"), 0U);
  EXPECT_EQ(index.mount_of_path("/a/x"), 1U);
  EXPECT_EQ(index.mount_of_path("/a/b/"), 2U);
  EXPECT_EQ(index.mount_of_path("/abc"), 0U);
  EXPECT_EQ(index.mount_of_path("/ab/c"), 3U);
  EXPECT_EQ(index.mount_of_path("relative"), std::nullopt);
  EXPECT_EQ(index.mount_of_path(""), std::nullopt);
}

TEST(MountPointIndex, OfMountsStackedOnOnePlaceTheTopmostIsSeen) {
  const auto table = parsed(line(1, 0, "/") + line(3, 2, "/a") + line(2, 1, "/a"));
  const MountPointIndex index(table);
  EXPECT_EQ(index.mount_at("/a"), 1U);
  EXPECT_EQ(index.mount_of_path("/a/file"), 1U);
}

TEST(MountPointIndex, AMountBelowAnOvermountedDirectoryIsHidden) {
  const auto table = parsed(line(1, 0, "/") + line(2, 1, "/a/b") + line(3, 1, "/a"));
  const MountPointIndex index(table);
  EXPECT_EQ(index.mount_of_path("/a/b/file"), 2U);
  EXPECT_EQ(index.mount_at("/a/b"), std::nullopt);
  EXPECT_EQ(index.longest_mount_of_path("/a/b/file"), 1U);
}

TEST(MountPointIndex, AMountOnTheRootHidesEverythingBefore) {
  const auto table = parsed(line(1, 0, "/") + line(2, 1, "/a") + line(3, 1, "/"));
  const MountPointIndex index(table);
  EXPECT_EQ(index.mount_of_path("/a"), 2U);
}

TEST(MountPointIndex, AMountPointItselfOnlyWhereItIsOne) {
  const auto table = parsed(line(1, 0, "/") + line(2, 1, "/data"));
  const MountPointIndex index(table);
  EXPECT_EQ(index.mount_at("/data"), 1U);
  EXPECT_EQ(index.mount_at("/data//"), 1U);
  EXPECT_EQ(index.mount_at("/"), 0U);
  EXPECT_EQ(index.mount_at("/data/x"), std::nullopt);
  EXPECT_EQ(index.mount_at("data"), std::nullopt);
}

TEST(MountPointIndex, APathIsTakenAsTheKernelWouldPrintIt) {
  const auto table = parsed(line(1, 0, "/") + line(2, 1, "/a") + line(3, 2, "/a/b"));
  const MountPointIndex index(table);
  EXPECT_EQ(index.mount_at("//a/"), 1U);
  EXPECT_EQ(index.mount_of_path("/a/./b//x"), 2U);
  EXPECT_EQ(index.mount_of_path("/a/b/../x"), 1U);
  EXPECT_EQ(index.mount_of_path("/../../a"), 1U);
  EXPECT_EQ(index.mount_of_path("//"), 0U);
  EXPECT_EQ(index.longest_mount_of_path("//a//b"), 2U);
}

TEST(MountPointIndex, ATableWithoutARootHasOnlyWhatItShows) {
  const auto table = parsed(line(5, 1, "/proc") + line(6, 5, "/proc/x"));
  const MountPointIndex index(table);
  EXPECT_EQ(index.mount_of_path("/proc/x/y"), 1U);
  EXPECT_EQ(index.mount_of_path("/etc"), std::nullopt);
}

TEST(MountPointIndex, ParentsInARingEndTheWalk) {
  const auto table = parsed(line(1, 2, "/") + line(2, 1, "/") + line(3, 3, "/"));
  const MountPointIndex index(table);
  EXPECT_EQ(index.mount_of_path("/a"), 2U);
}

}  // namespace
}  // namespace vss::plan
