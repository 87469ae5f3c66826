// Filesystems that are mounted in other mount namespaces only.
#include "plan/plan_fixture.hpp"

namespace vss::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class OtherNamespaces : public PlanFixture {
 protected:
  OtherNamespaces() {
    disk({8, 1}, "sda");
    disk({8, 2}, "sdb");
    disk({8, 3}, "sdc");
    given(R"(
      28 1 8:1 / / rw - ext4 /dev/sda rw
      29 28 0:21 / /proc rw - proc proc rw)");
  }
  void appended(std::string_view text, std::string_view process = "812") {
    const std::string root = "/proc/" + std::string(process) + "/root";
    ASSERT_TRUE(table.append(text, root, "process " + std::string(process) + " (sshd)"));
  }
};

TEST_F(OtherNamespaces, AreAddedUnderThePathsAtWhichThisOneSeesThem) {
  appended(
      "128 1 8:1 / / rw - ext4 /dev/sda rw\n"
      "129 128 8:2 / /data rw - ext4 /dev/sdb rw\n"
      "130 129 8:2 /x /data/x rw - ext4 /dev/sdb rw\n");
  make();
  EXPECT_EQ(layers(), (Layers{{"/proc/812/root/data", "/"}}));
  EXPECT_EQ(reason("/proc/812/root/data"),
            "ext4 on disk sdb, in the mount namespace of process 812 (sshd)");
  EXPECT_EQ(action("/proc/812/root/data/x"), Action::kCovered);
  EXPECT_EQ(plan.entries.size(), 4U);
  EXPECT_EQ(reason("/"), "ext4 on disk sda");
}

TEST_F(OtherNamespaces, WhatAnEarlierTableHasIsNotAddedAgain) {
  appended("129 128 8:2 / / rw - ext4 /dev/sdb rw\n");
  appended("229 228 8:2 / /other rw - ext4 /dev/sdb rw\n230 228 8:3 / /c rw - xfs /dev/sdc rw\n",
           "900");
  make();
  EXPECT_EQ(layers(), (Layers{{"/proc/900/root/c", "/proc/812/root/", "/"}}));
}

// /proc/812/root is a link, which is not followed when it is opened.
TEST_F(OtherNamespaces, TheirRootIsWhereTheLinkLeads) {
  appended("128 1 8:2 / / rw - ext4 /dev/sdb rw\n129 128 8:3 / /c rw - xfs /dev/sdc rw\n");
  make();
  EXPECT_EQ(action("/proc/812/root/"), Action::kFreeze);
  EXPECT_EQ(action("/proc/812/root/c"), Action::kFreeze);
}

// Containers have thousands of them, and anybody can make more.
TEST_F(OtherNamespaces, WhatIsNotAddedIsNotCounted) {
  std::string text;
  for (std::size_t i = 0; i <= base::kMountsMax; ++i)
    text += "131 128 8:1 / /m rw - ext4 /dev/sda rw\n132 128 0:53 / /t rw - tmpfs tmpfs rw\n";
  appended(text + "133 128 8:2 / /data rw - ext4 /dev/sdb rw\n");
  EXPECT_EQ(table.mounts().size(), 3U);
}

TEST_F(OtherNamespaces, WhatIsAddedIsCounted) {
  std::string text;
  for (std::size_t i = 0; i <= base::kMountsMax; ++i)
    text += "133 128 8:2 / /data rw - ext4 /dev/sdb rw\n";
  const auto added = table.append(text, "/r", "x");
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().line, base::kMountsMax + 1);
}

TEST_F(OtherNamespaces, FilesOfTheKernelMemoryAndOverlaysAreNot) {
  appended(
      "128 1 0:50 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w\n"
      "129 128 0:51 / /proc rw - proc proc rw\n"
      "130 128 0:52 / /dev rw - tmpfs tmpfs rw\n"
      "131 128 0:53 / /strange rw - newfs newfs rw\n");
  EXPECT_EQ(table.mounts().size(), 2U);
}

// The same path is another place there.
TEST_F(OtherNamespaces, TheirPathsSayNothingAboutThisNamespace) {
  loop({7, 0}, "/data/a.img");
  appended("129 128 8:2 / /data rw - ext4 /dev/sdb rw\n130 128 7:0 / /m rw - ext4 /dev/loop0 rw\n");
  make();
  EXPECT_THAT(reason("/proc/812/root/m"), HasSubstr("frozen before /, which holds"));
  std::vector<std::string_view> paths = {"/data"};
  request.selection = Selection::kPaths;
  request.paths = paths;
  EXPECT_FALSE(try_plan());
}

TEST_F(OtherNamespaces, TheNumberOfAFileCountsInAllOfThem) {
  loop({7, 0}, "/data/a.img");
  backed_by({{8, 2}, 12});
  appended("129 128 8:2 / /data rw - ext4 /dev/sdb rw\n");
  appended("230 228 7:0 / /m rw - ext4 /dev/loop0 rw\n", "900");
  make();
  EXPECT_THAT(layers(), ElementsAre(ElementsAre("/proc/900/root/m"),
                                    ElementsAre("/proc/812/root/data", "/")));
}

TEST_F(OtherNamespaces, AnotherParseForgetsThem) {
  appended("129 128 8:2 / /data rw - ext4 /dev/sdb rw\n");
  given("28 1 8:1 / / rw - ext4 /dev/sda rw");
  EXPECT_EQ(table.mounts().size(), 1U);
  appended("129 128 8:2 / /data rw - ext4 /dev/sdb rw\n");
  EXPECT_EQ(table.mounts()[1].mount_point, "/proc/812/root/data");
}

TEST_F(OtherNamespaces, AfterAnErrorNothingIsAdded) {
  EXPECT_FALSE(table.append("129 128 8:2 / /data rw - ext4 /dev/sdb rw\nnonsense\n", "/r", "x"));
  EXPECT_EQ(table.mounts().size(), 2U);
}

}  // namespace
}  // namespace vss::plan
