#include "plan/mount_table.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vss::plan {
namespace {

using std::string_view_literals::operator""sv;

const std::string kRoot = "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,discard\n";

MountTable parsed(std::string_view text) {
  MountTable table;
  const auto result = table.parse(text);
  EXPECT_TRUE(result) << to_error(result.error(), "table").message;
  return table;
}

MountTableError refused(std::string_view text) {
  MountTable table;
  const auto result = table.parse(text);
  EXPECT_FALSE(result) << text;
  EXPECT_TRUE(table.mounts().empty());
  return result ? MountTableError{} : result.error();
}

TEST(MountTable, EveryFieldOfALine) {
  const auto table = parsed(
      "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - fuse.sshfs h:/x "
      "ro,errors=a\n");
  ASSERT_EQ(table.mounts().size(), 1U);
  const Mount& mount = table.mounts()[0];
  EXPECT_EQ(mount.id, 36U);
  EXPECT_EQ(mount.parent_id, 35U);
  EXPECT_EQ(mount.device, (DeviceNumber{98, 0}));
  EXPECT_EQ(mount.root, "/mnt1");
  EXPECT_EQ(mount.mount_point, "/mnt2");
  EXPECT_EQ(mount.mount_options, "rw,noatime");
  EXPECT_EQ(mount.propagation, "master:1 propagate_from:2");
  EXPECT_EQ(mount.type, "fuse.sshfs");
  EXPECT_EQ(mount.source, "h:/x");
  EXPECT_EQ(mount.super_options, "ro,errors=a");
}

TEST(MountTable, NoOptionalFields) {
  const auto table = parsed("27 1 254:0 / / rw - ext4 /dev/vda rw\n");
  EXPECT_EQ(table.mounts()[0].propagation, "");
  EXPECT_EQ(table.mounts()[0].type, "ext4");
}

TEST(MountTable, OctalEscapesAreResolved) {
  const auto table = parsed(
      "1 0 8:1 /a\\040b /mnt/tab\\011nl\\012bs\\134end rw - ext4 /dev/disk/by-label/x\\043y rw\n");
  EXPECT_EQ(table.mounts()[0].root, "/a b");
  EXPECT_EQ(table.mounts()[0].mount_point, "/mnt/tab\tnl\nbs\\end");
  EXPECT_EQ(table.mounts()[0].source, "/dev/disk/by-label/x#y");
}

TEST(MountTable, ABackslashThatIsNoEscapeStays) {
  const auto table = parsed("1 0 8:1 / /a\\9\\4 rw - cifs \\\\server\\400 rw\n");
  EXPECT_EQ(table.mounts()[0].mount_point, "/a\\9\\4");
  EXPECT_EQ(table.mounts()[0].source, "\\\\server\\400");
}

TEST(MountTable, AnEmptySourceIsNoMissingOne) {
  const auto table = parsed("25 24 0:23 / /x rw - tmpfs  rw,size=4k\n");
  EXPECT_EQ(table.mounts()[0].source, "");
  EXPECT_EQ(table.mounts()[0].super_options, "rw,size=4k");
}

TEST(MountTable, RootsThatAreNoPaths) {
  const auto table = parsed("9 8 0:4 net:[4026532281] /run/netns/a rw - nsfs nsfs rw\n");
  EXPECT_EQ(table.mounts()[0].root, "net:[4026532281]");
}

TEST(MountTable, AnEmptyTextIsAnEmptyTable) {
  EXPECT_TRUE(parsed("").mounts().empty());
}

TEST(MountTable, ASecondTextReplacesTheFirst) {
  MountTable table;
  ASSERT_TRUE(table.parse(kRoot + kRoot));
  ASSERT_TRUE(table.parse(kRoot));
  EXPECT_EQ(table.mounts().size(), 1U);
  EXPECT_FALSE(table.parse("garbage\n"));
  EXPECT_TRUE(table.mounts().empty());
}

struct BadLine {
  const char* line;
  std::size_t column;
  const char* what;
};

TEST(MountTable, EachMalformedLineIsNamedWithItsColumn) {
  const BadLine bad[] = {
      {"", 1, "the mount id is no number"},
      {"x 1 8:1 / / rw - ext4 a rw", 1, "the mount id is no number"},
      {"27", 1, "the mount id is no number"},
      {"27 ", 4, "the parent's id is no number"},
      {"27 -1 8:1 / / rw - ext4 a rw", 4, "the parent's id is no number"},
      {"27 1 8-1 / / rw - ext4 a rw", 6, "the device is no MAJOR:MINOR"},
      {"27 1 8: / / rw - ext4 a rw", 8, "the device is no MAJOR:MINOR"},
      {"27 1 8:99999999999 / / rw - ext4 a rw", 8, "the device is no MAJOR:MINOR"},
      {"27 1 8:1", 8, "the device is no MAJOR:MINOR"},
      {"27 1 8:1 ", 10, "the root is missing"},
      {"27 1 8:1 /", 11, "the mount point is missing"},
      {"27 1 8:1 /  rw - ext4 a rw", 12, "the mount point is missing"},
      {"27 1 8:1 / mnt rw - ext4 a rw", 12, "the mount point is no absolute path"},
      {"27 1 8:1 / /", 13, "the mount's options are missing"},
      {"27 1 8:1 / / rw", 16, "the separator - is missing"},
      {"27 1 8:1 / / rw shared:1", 25, "the separator - is missing"},
      {"27 1 8:1 / / rw  - ext4 a rw", 17, "an optional field is empty"},
      {"27 1 8:1 / / rw -", 18, "the filesystem's type is missing"},
      {"27 1 8:1 / / rw - ext4", 23, "the source is missing"},
      {"27 1 8:1 / / rw - ext4 a", 25, "the filesystem's options are missing"},
      {"27 1 8:1 / / rw - ext4 a ", 26, "the filesystem's options are missing"},
      {"27 1 8:1 / /a\\000b rw - ext4 a rw", 12, "a text holds a NUL byte"},
  };
  for (const BadLine& each : bad) {
    const MountTableError error = refused(kRoot + each.line + "\n" + kRoot);
    EXPECT_EQ(error.line, 2U) << each.line;
    EXPECT_EQ(error.column, each.column) << each.line;
    EXPECT_STREQ(error.what, each.what) << each.line;
  }
}

TEST(MountTable, AnErrorIsOneSentence) {
  EXPECT_EQ(to_error(refused(kRoot + "27 1\n"), "/proc/1/mountinfo").message,
            "/proc/1/mountinfo: line 2, column 4: the parent's id is no number");
}

TEST(MountTable, ATextCutInTheMiddleIsRefused) {
  const MountTableError error = refused(kRoot.substr(0, kRoot.size() - 1));
  EXPECT_STREQ(error.what, "the line has no end");
}

TEST(MountTable, ANulByteIsRefused) {
  EXPECT_STREQ(refused("27 1 8:1 / /a\0b rw - ext4 a rw\n"sv).what, "a text holds a NUL byte");
}

TEST(MountTable, AMountPointLongerThanAPathIsRefused) {
  const std::string path = "/" + std::string(base::kPathBytesMax, 'x');
  EXPECT_STREQ(refused("27 1 8:1 / " + path + " rw - ext4 a rw\n").what,
               "the mount point is too long");
}

TEST(MountTable, MoreMountsThanTheLimitAreRefused) {
  std::string text;
  for (std::size_t i = 0; i < base::kMountsMax; ++i)
    text += kRoot;
  EXPECT_EQ(parsed(text).mounts().size(), base::kMountsMax);
  EXPECT_EQ(refused(text + kRoot).line, base::kMountsMax + 1);
}

TEST(MountTable, ReservedMemoryServesTheNextParse) {
  MountTable table;
  table.reserve(10 * kRoot.size(), 10);
  ASSERT_TRUE(table.parse(kRoot));
  const char* const before = table.mounts()[0].root.data();
  std::string text;
  for (int i = 0; i < 10; ++i)
    text += kRoot;
  ASSERT_TRUE(table.parse(text));
  EXPECT_EQ(table.mounts()[0].root.data(), before);
}

TEST(SuperOption, ValuesBareNamesAndAbsentOnes) {
  const auto table = parsed(
      "1 0 0:50 / /m rw - overlay overlay rw,lowerdir=/a:/b,upperdir=/u\\054v\\040w,index=off\n");
  const Mount& mount = table.mounts()[0];
  EXPECT_EQ(super_option(mount, "upperdir")->view(), "/u,v w");
  EXPECT_EQ(super_option(mount, "rw")->view(), "");
  EXPECT_EQ(super_option(mount, "index")->view(), "off");
  EXPECT_FALSE(super_option(mount, "upper"));
  EXPECT_FALSE(super_option(mount, "ro"));
}

TEST(SuperblockReadOnly, SaysTheSuperblocksFlagNotTheMounts) {
  const auto table = parsed(
      "1 0 8:1 / /a ro,relatime - ext4 /dev/sda1 rw,errors=remount-ro\n"
      "2 0 8:2 / /b rw,relatime - ext4 /dev/sda2 ro,norecovery\n");
  EXPECT_FALSE(superblock_read_only(table.mounts()[0]));
  EXPECT_TRUE(superblock_read_only(table.mounts()[1]));
}

TEST(MountWithId, FoundOrNot) {
  const auto table = parsed(kRoot + "30 27 8:2 / /a rw - ext4 /dev/sda2 rw\n");
  EXPECT_EQ(mount_with_id(table, 30), 1U);
  EXPECT_EQ(mount_with_id(table, 31), std::nullopt);
}

}  // namespace
}  // namespace vss::plan
