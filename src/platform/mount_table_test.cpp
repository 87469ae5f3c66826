#include "platform/mount_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace vss::platform {
namespace {

using std::chrono::milliseconds;

TEST(MountTableFile, ThisProcessesTableIsWholeLines) {
  auto file = MountTableFile::open("/proc/self/mountinfo");
  ASSERT_TRUE(file) << file.error().message;
  const auto text = file->read();
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_FALSE(text->empty());
  EXPECT_TRUE(text->ends_with('\n'));
}

TEST(MountTableFile, ReadingAgainGivesTheWholeAgainWithoutOpening) {
  auto file = MountTableFile::open("/proc/self/mountinfo");
  ASSERT_TRUE(file);
  const std::string first(file->read().value());
  const int descriptor = file->descriptor();
  EXPECT_EQ(std::string(file->read().value()), first);
  EXPECT_EQ(file->descriptor(), descriptor);
}

TEST(MountTableFile, ASmallBufferGrows) {
  auto large = MountTableFile::open("/proc/self/mountinfo");
  auto small = MountTableFile::open("/proc/self/mountinfo", 1);
  ASSERT_TRUE(large && small);
  EXPECT_EQ(large->read().value(), small->read().value());
}

TEST(MountTableFile, NoChangeIsReportedWhileNothingIsMounted) {
  auto file = MountTableFile::open("/proc/self/mountinfo");
  ASSERT_TRUE(file && file->read());
  EXPECT_FALSE(file->changed(milliseconds(0)).value());
  EXPECT_FALSE(file->changed(milliseconds(10)).value());
}

// In a child with a mount namespace of its own; its exit status says what went wrong.
int mount_and_look() {
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 77;
  auto file = MountTableFile::open("/proc/self/mountinfo");
  if (!file || !file->read()) return 1;
  if (::mount("none", "/tmp", "tmpfs", 0, "size=4k") != 0) return 77;
  if (!file->changed(milliseconds(0)).value_or(false)) return 2;
  if (file->changed(milliseconds(0)).value_or(true)) return 3;
  const std::string_view text = file->read().value_or("");
  return text.find(" /tmp rw,relatime - tmpfs none ") == std::string_view::npos ? 4 : 0;
}

TEST(MountTableFile, AMountIsReportedOnceAndReadWithoutOpening) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(mount_and_look());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no mount namespace may be made here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(MountTableFile, AnyFileOfATestCanStandInForATable) {
  const std::string path = testing::TempDir() + "mount_table_test." + std::to_string(::getpid());
  std::ofstream(path) << "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
  auto file = MountTableFile::open(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->read().value(), "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
  std::remove(path.c_str());
}

TEST(MountTableFile, APipeIsNoneAndIsNotWaitedFor) {
  const std::string path = testing::TempDir() + "/pipe." + std::to_string(::getpid());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto file = MountTableFile::open(path);
  std::filesystem::remove(path);
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, testing::HasSubstr("it is no file"));
  EXPECT_FALSE(MountTableFile::open("/dev/zero"));
}

TEST(MountTableFile, SeveralTablesShareMemory) {
  std::vector<char> buffer;
  auto own = MountTableFile::open("/proc/self/mountinfo", 0);
  auto again = MountTableFile::open("/proc/self/mountinfo", 0);
  ASSERT_TRUE(own && again);
  const auto first = own->read(buffer);
  ASSERT_TRUE(first);
  const std::string text(*first);
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(again->read(buffer).value_or(""), text);
}

TEST(MountTableFile, AMissingFileIsNamed) {
  const auto file = MountTableFile::open("/proc/self/no_such_table");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().os_errno, ENOENT);
  EXPECT_EQ(file.error().message,
            "cannot open mount table /proc/self/no_such_table: No such file or directory");
}

TEST(MountTableFile, WhatCannotBeReadIsNamed) {
  auto file = MountTableFile::open("/proc/self/mem");
  ASSERT_TRUE(file);
  const auto text = file->read();
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().os_errno, EIO);
}

}  // namespace
}  // namespace vss::platform
