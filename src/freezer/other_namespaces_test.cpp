#include "freezer/other_namespaces.hpp"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace vss::freezer {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Files stand in for /proc.
class OtherNamespacesTest : public testing::Test {
 protected:
  OtherNamespacesTest()
      : proc_(fs::path(testing::TempDir()) / ("other_namespaces." + std::to_string(::getpid()))),
        others_({proc_, ask, 3}) {
    fs::create_directories(proc_);
    EXPECT_TRUE(table_.parse("28 1 8:1 / / rw - ext4 /dev/sda rw\n"));
  }
  ~OtherNamespacesTest() override {
    fs::remove_all(proc_);
    told_ = {};
  }

  static base::Result<bool> ask(const std::string& directory) {
    return told_ ? told_(fs::path(directory).filename()) : true;
  }
  // Without a table: of one that ends while it is looked at.
  void process(int id, const std::string& space, const std::string& lines = "") {
    const fs::path directory = proc_ / std::to_string(id);
    fs::create_directories(directory / "ns");
    fs::create_symlink("mnt:[" + space + "]", directory / "ns/mnt");
    fs::create_symlink("/", directory / "root");
    std::ofstream(directory / "comm") << "name" << id << "\n";
    if (!lines.empty()) std::ofstream(directory / "mountinfo") << lines;
  }
  static std::string mounts(int minor) {
    return "129 128 8:" + std::to_string(minor) + " / /data rw - ext4 /dev/sd rw\n";
  }
  std::vector<std::string> added() {
    EXPECT_TRUE(others_.append_to(table_));
    std::vector<std::string> points;
    for (const plan::Mount& mount : table_.mounts().subspan(1))
      points.emplace_back(fs::path(mount.mount_point).lexically_relative(proc_));
    return points;
  }
  static std::size_t descriptors() {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
  }
  using Points = std::vector<std::string>;

  static inline std::function<base::Result<bool>(const std::string&)> told_;
  fs::path proc_;
  OtherNamespaces others_;
  plan::MountTable table_;
};

TEST_F(OtherNamespacesTest, WhatEachMountsIsAdded) {
  process(7, "100", mounts(2));
  process(9, "200", mounts(3));
  ASSERT_TRUE(others_.open());
  EXPECT_EQ(added(), (Points{"7/root/data", "9/root/data"}));
  EXPECT_EQ(table_.mounts()[2].seen_in, "process 9 (name9)");
  EXPECT_EQ(others_.passed_over(), "");
}

TEST_F(OtherNamespacesTest, OnceClosedNothingKeepsThemAlive) {
  const std::size_t before = descriptors();
  process(7, "100", mounts(2));
  process(9, "200", mounts(3));
  ASSERT_TRUE(others_.open());
  EXPECT_EQ(descriptors(), before + 2);
  others_.close();
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(added(), Points{});
}

TEST_F(OtherNamespacesTest, ThoseOfOtherUserNamespacesArePassedOverAndCounted) {
  process(7, "100", mounts(2));
  process(8, "150", mounts(4));
  process(9, "200", mounts(3));
  told_ = [](const std::string& process) { return process == "9"; };
  ASSERT_TRUE(others_.open());
  EXPECT_EQ(added(), (Points{"9/root/data"}));
  EXPECT_EQ(others_.passed_over(), "not looked at: 2 mount namespaces of other user namespaces");
}

TEST_F(OtherNamespacesTest, OnlyThoseThatAreLookedAtCount) {
  for (const int id : {5, 6, 7, 8})
    process(id, std::to_string(id), mounts(id));
  told_ = [](const std::string& process) { return process < "7"; };
  EXPECT_TRUE(others_.open());
  EXPECT_EQ(added().size(), 2U);
  told_ = {};
  const auto opened = others_.open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("more than 3 mount namespaces"));
}

TEST_F(OtherNamespacesTest, AnotherProcessShowsItWhenOneEnds) {
  process(7, "100");
  process(8, "100");
  process(9, "100", mounts(2));
  told_ = [](const std::string& process) -> base::Result<bool> {
    if (process == "8") return base::fail("a zombie's", EINVAL);
    return true;
  };
  ASSERT_TRUE(others_.open());
  EXPECT_EQ(added(), (Points{"9/root/data"}));
}

TEST_F(OtherNamespacesTest, OneThatHasEndedIsLeftOut) {
  process(7, "100");
  process(9, "200", mounts(3));
  told_ = [&](const std::string& process) -> base::Result<bool> {
    if (process == "7") fs::remove_all(proc_ / "7");
    return true;
  };
  ASSERT_TRUE(others_.open());
  EXPECT_EQ(added(), (Points{"9/root/data"}));
}

// More of them than are kept in mind.
TEST_F(OtherNamespacesTest, WhereAllThatWereKnownEndedTheOthersAreAsked) {
  for (int id = 10; id < 30; ++id)
    process(id, "100");
  process(40, "100", mounts(2));
  told_ = [&](const std::string& process) -> base::Result<bool> {
    if (process != "40") fs::remove_all(proc_ / process);
    return true;
  };
  ASSERT_TRUE(others_.open());
  EXPECT_EQ(added(), (Points{"40/root/data"}));
}

TEST_F(OtherNamespacesTest, WhatCannotBeReadForAnotherReasonFails) {
  process(7, "100", mounts(2));
  told_ = [](const std::string&) -> base::Result<bool> { return base::fail("no room", EMFILE); };
  const auto opened = others_.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, "no room");
}

TEST_F(OtherNamespacesTest, OneThatNeverCanBeReadIsNotLeftOut) {
  process(7, "100");
  const auto opened = others_.open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("7/mountinfo"));
}

}  // namespace
}  // namespace vss::freezer
