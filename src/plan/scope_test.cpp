// What the request leaves out, and what it requires of the rest.
#include "plan/plan_fixture.hpp"

namespace vss::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Scope : public PlanFixture {
 protected:
  Scope() {
    for (unsigned n = 1; n <= 4; ++n)
      disk({8, n}, "sda");
    given(R"(
      28 1 8:1 / / rw - ext4 /dev/sda1 rw
      29 28 8:2 / /data rw - xfs /dev/sda2 rw
      30 29 8:1 /pods/x /data/pods/x rw - ext4 /dev/sda1 rw
      31 28 8:3 / /usb rw - vfat /dev/sda3 rw
      32 28 0:30 / /proc rw - proc proc rw)");
    request.require_filesystem = false;
  }
  void exclude(std::vector<std::string_view> patterns) {
    patterns_ = std::move(patterns);
    request.exclude = patterns_;
  }
  void select(std::vector<std::string_view> paths) {
    paths_ = std::move(paths);
    request.selection = Selection::kPaths;
    request.paths = paths_;
  }

 private:
  std::vector<std::string_view> patterns_;
  std::vector<std::string_view> paths_;
};

TEST_F(Scope, AnExcludedFilesystemIsNamedWithItsPattern) {
  exclude({"/nothing", "/da*"});
  make();
  EXPECT_EQ(layers(), (Layers{{"/"}}));
  EXPECT_EQ(action("/data"), Action::kExclude);
  EXPECT_EQ(reason("/data"), "left out by `exclude` pattern /da*");
  EXPECT_EQ(plan.summary.excluded, 1U);
}

TEST_F(Scope, PatternsOfDevicesMatchTheirNamesAndTheMountsSource) {
  blocks.devices[1].mapper_name = "vg-data";
  blocks.devices[1].suspended = false;
  blocks.devices[1].slaves = {{8, 1}};
  for (const std::string_view pattern :
       {"device:/dev/sdb2", "device:/dev/mapper/vg-*", "device:/dev/sda2"}) {
    blocks.devices[1].name = "sdb2";
    exclude({pattern});
    make();
    EXPECT_EQ(layers(), (Layers{{"/"}})) << pattern;
    EXPECT_EQ(reason("/data"), "left out by `exclude` pattern " + std::string(pattern));
  }
}

TEST_F(Scope, PatternsOfLabelsAndTypesLeaveOutWhatHasThem) {
  blocks.labels = {{{8, 2}, "my data"}, {{8, 77}, "other"}};
  exclude({"label:my *", "type:vfat"});
  make();
  EXPECT_EQ(layers(), (Layers{{"/"}}));
  EXPECT_EQ(reason("/data"), "left out by `exclude` pattern label:my *");
  EXPECT_EQ(reason("/usb"), "left out by `exclude` pattern type:vfat");
  EXPECT_EQ(plan.summary.excluded, 2U);
}

TEST_F(Scope, ALabelOfOneMemberLeavesOutTheWholeBtrfs) {
  blocks.members.push_back({{0, 39}, {{8, 2}, {8, 3}}});
  blocks.labels = {{{8, 3}, "pool"}};
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda1 rw
    29 28 0:39 /@ /b rw - btrfs /dev/sda2 rw)");
  exclude({"label:pool"});
  make();
  EXPECT_EQ(action("/b"), Action::kExclude);
  exclude({"device:/dev/sdz"});
  make();
  EXPECT_EQ(action("/b"), Action::kFreeze);
}

TEST_F(Scope, APatternThatMatchesABindMountOfADirectoryLeavesTheFilesystemIn) {
  exclude({"/data/pods/*"});
  make();
  EXPECT_EQ(layers(), (Layers{{"/data", "/"}}));
  EXPECT_EQ(action("/data/pods/x"), Action::kCovered);
}

TEST_F(Scope, ABindMountElsewhereDoesNotKeepAnExcludedFilesystemIn) {
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda1 rw
    29 28 8:2 / /data rw - xfs /dev/sda2 rw
    30 28 8:2 /www /srv/www rw - xfs /dev/sda2 rw)");
  exclude({"/data"});
  make();
  EXPECT_EQ(layers(), (Layers{{"/"}}));
  EXPECT_EQ(action("/srv/www"), Action::kExclude);
}

TEST_F(Scope, AFilesystemMountedTwiceIsLeftOutOnlyWhenBothMatch) {
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda1 rw
    29 28 8:2 / /data rw - xfs /dev/sda2 rw
    30 28 8:2 / /again rw - xfs /dev/sda2 rw)");
  exclude({"/data"});
  make();
  EXPECT_EQ(layers(), (Layers{{"/data", "/"}}));
  exclude({"/data", "/again"});
  make();
  EXPECT_EQ(layers(), (Layers{{"/"}}));
}

TEST_F(Scope, SubvolumesAreLeftOutOnlyTogether) {
  given(R"(
    28 1 0:39 /@ / rw - btrfs /dev/sda1 rw
    29 28 0:39 /@home /home rw - btrfs /dev/sda1 rw)");
  blocks.members.push_back({{0, 39}, {{8, 1}}});
  exclude({"/home"});
  make();
  EXPECT_EQ(layers(), (Layers{{"/"}}));
  exclude({"/home", "/"});
  make();
  EXPECT_EQ(action("/home"), Action::kExclude);
}

TEST_F(Scope, ExcludeTakesAwayAVetoButNotWhatIsSkippedAnyway) {
  exclude({"/x", "/proc"});
  given(R"(
    28 1 8:99 / /x rw - ext4 /dev/unknown rw
    32 28 0:30 / /proc rw - proc proc rw)");
  make();
  EXPECT_EQ(plan.summary.vetoes, 0U);
  EXPECT_EQ(action("/proc"), Action::kSkip);
}

TEST_F(Scope, SelectedPathsAreFrozenAndNothingElse) {
  select({"/data/"});
  make();
  EXPECT_EQ(layers(), (Layers{{"/data"}}));
  EXPECT_EQ(action("/"), Action::kExclude);
  EXPECT_EQ(action("/usb"), Action::kExclude);
  EXPECT_EQ(plan.summary.excluded, 2U);
  EXPECT_EQ(plan.summary.lower_grade, 0U);
}

TEST_F(Scope, SelectingABindMountSelectsItsFilesystem) {
  select({"/data/pods/x"});
  make();
  EXPECT_EQ(layers(), (Layers{{"/"}}));
}

TEST_F(Scope, ASelectedPathThatIsNoMountRootIsAnErrorThatNamesIt) {
  for (const char* path : {"/data/sub", "data", ""}) {
    select({"/", path});
    const auto status = try_plan();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, base::ErrorKind::kUsage);
    EXPECT_THAT(status.error().message, HasSubstr(std::string(path) + " (named by the request)"));
    EXPECT_TRUE(plan.entries.empty());
  }
}

TEST_F(Scope, SelectionNoneLeavesOutAll) {
  request.selection = Selection::kNone;
  make();
  EXPECT_EQ(layers(), Layers{});
  EXPECT_TRUE(plan.to_sync.empty());
  EXPECT_EQ(plan.summary.excluded, 3U);
  EXPECT_EQ(reason("/data"), "the request names no filesystem");
}

TEST_F(Scope, RequireFilesystemVetoesWhatIsOnlySyncedAndNamesBothWaysOut) {
  request.require_filesystem = true;
  make();
  EXPECT_EQ(plan.summary.vetoes, 1U);
  EXPECT_EQ(
      plan.first_veto().view(),
      "/usb: vfat cannot be frozen: only flushed, but the request requires frozen ones: leave "
      "it out with `exclude`, or ask for `require = crash`");
  exclude({"/usb"});
  make();
  EXPECT_EQ(plan.summary.vetoes, 0U);
  exclude({});
  request.require_filesystem = false;
  make();
  EXPECT_THAT(to_sync(), ElementsAre("/usb"));
}

}  // namespace
}  // namespace vss::plan
