// The freezer's own limits: forbidden superblocks, --only, and planning again.
#include "plan/plan_fixture.hpp"

namespace vss::plan {
namespace {

using testing::HasSubstr;

class Safety : public PlanFixture {
 protected:
  Safety() {
    disk({8, 1}, "sda");
    disk({8, 2}, "sdb");
    disk({8, 3}, "sdc");
    given(R"(
      28 1 8:1 / / rw - ext4 /dev/sda rw
      29 28 8:2 / /data rw - xfs /dev/sdb rw
      31 28 8:3 / /usb rw - vfat /dev/sdc rw)");
    request.require_filesystem = false;
  }
  void forbid(std::vector<Forbidden> forbidden) {
    forbidden_ = std::move(forbidden);
    request.forbidden = forbidden_;
  }
  void only(std::vector<std::string_view> paths) {
    only_ = std::move(paths);
    request.only = only_;
  }

 private:
  std::vector<Forbidden> forbidden_;
  std::vector<std::string_view> only_;
};

TEST_F(Safety, AForbiddenSuperblockIsAVeto) {
  forbid({{{8, 1}, "/ of process 1"}});
  make();
  EXPECT_EQ(layers(), (Layers{{"/data"}}));
  EXPECT_EQ(plan.first_veto().view(),
            "/: holds / of process 1: needs --allow-root, or leave it out with `exclude`");
}

TEST_F(Safety, AllowRootLiftsIt) {
  forbid({{{8, 1}, "/"}});
  request.allow_root = true;
  make();
  EXPECT_EQ(layers(), (Layers{{"/data", "/"}}));
}

TEST_F(Safety, AForbiddenSuperblockIsSeenThroughAnyOfItsMounts) {
  forbid({{{8, 1}, "/"}});
  given(R"(
    28 1 0:40 / / rw - tmpfs tmpfs rw
    29 28 8:1 /srv /mnt/srv rw - ext4 /dev/sda rw)");
  make();
  EXPECT_EQ(action("/mnt/srv"), Action::kVeto);
}

TEST_F(Safety, WhatAForbiddenLoopDeviceLiesOnIsForbiddenToo) {
  loop({7, 0}, "/host/root.img");
  forbid({{{7, 0}, "/"}});
  given(R"(
    28 1 7:0 / / rw - ext4 /dev/loop0 rw
    29 28 8:2 / /host rw - xfs /dev/sdb rw
    30 28 8:1 / /data rw - ext4 /dev/sda rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/data"}}));
  EXPECT_EQ(action("/host"), Action::kVeto);
}

// Also where something else below it cannot be explained, and it is left out for that.
TEST_F(Safety, WhatIsKnownBelowAForbiddenThatNobodyCanExplainIsForbiddenToo) {
  loop({7, 0}, "/data/root.img");
  virtual_device({43, 0}, "nbd0", {});
  mapped(0, "root", "", {{43, 0}, {7, 0}});
  forbid({{{253, 0}, "/"}});
  const std::string_view patterns[] = {"/"};
  request.exclude = patterns;
  given(R"(
    28 1 253:0 / / rw - ext4 /dev/mapper/root rw
    29 28 8:2 / /data rw - xfs /dev/sdb rw)");
  make();
  EXPECT_EQ(action("/"), Action::kExclude);
  EXPECT_EQ(action("/data"), Action::kVeto);
  EXPECT_EQ(layers(), Layers{});
}

TEST_F(Safety, WhatAForbiddenLoopDeviceLiesOnIsForbiddenAlsoWhenItsLogIsLost) {
  loop({7, 0}, "/data/root.img");
  forbid({{{7, 0}, "/"}});
  given(R"(
    28 1 7:0 / / rw - xfs /dev/loop0 rw,logdev=/dev/gone,noquota
    29 28 8:2 / /data rw - xfs /dev/sdb rw)");
  make();
  EXPECT_THAT(reason("/"), HasSubstr("log on a device of its own, /dev/gone"));
  EXPECT_EQ(action("/data"), Action::kVeto);
}

TEST_F(Safety, WhatHoldsAForbiddenOverlayIsForbiddenToo) {
  forbid({{{0, 50}, "/"}});
  given(R"(
    28 1 0:50 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/persist/up,workdir=/persist/w
    29 28 8:2 / /persist rw - xfs /dev/sdb rw
    30 28 8:1 / /data rw - ext4 /dev/sda rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/data"}}));
  EXPECT_THAT(reason("/persist"), HasSubstr("holds /"));
}

TEST_F(Safety, AForbiddenOverlayOfUnknownPlaceForbidsEverything) {
  forbid({{{0, 50}, "/"}});
  given(R"(
    28 1 0:50 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/outside/up,workdir=/w
    29 28 8:1 /hosts /etc/hosts rw - ext4 /dev/sda rw)");
  make();
  EXPECT_EQ(layers(), Layers{});
  EXPECT_THAT(reason("/etc/hosts"), HasSubstr("may hold the overlay's upper directory"));
}

TEST_F(Safety, OnlyLimitsByDeviceNumberAfterEverythingElse) {
  forbid({{{8, 1}, "/"}});
  only({"/data"});
  make();
  EXPECT_EQ(layers(), (Layers{{"/data"}}));
  EXPECT_EQ(reason("/"), "outside --only");
  EXPECT_EQ(reason("/usb"), "outside --only");
  EXPECT_EQ(plan.summary.vetoes, 0U);
  EXPECT_TRUE(plan.to_sync.empty());
}

TEST_F(Safety, OnlyDoesNotLiftWhatIsForbidden) {
  forbid({{{8, 1}, "/"}});
  only({"/mnt"});
  given(R"(
    28 1 0:40 / / rw - tmpfs tmpfs rw
    29 28 8:1 / /mnt rw - ext4 /dev/sda rw)");
  make();
  EXPECT_EQ(action("/mnt"), Action::kVeto);
}

TEST_F(Safety, OnlyDemandsMountRoots) {
  only({"/data/directory"});
  const auto status = try_plan();
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message,
              HasSubstr("/data/directory (named by --only) is no mount root"));
}

TEST_F(Safety, OnlyNeverReachesWhatAnOverlayLiesOn) {
  only({"/m"});
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 0:50 / /m rw - overlay overlay rw,lowerdir=/l,upperdir=/up,workdir=/w)");
  make();
  EXPECT_EQ(layers(), Layers{});
  EXPECT_EQ(action("/"), Action::kExclude);
}

TEST_F(Safety, MoreFilesystemsThanTheLimitAreRefused) {
  blocks.sysfs_present = false;
  std::string text;
  for (std::size_t i = 0; i <= base::kFilesystemsMax; ++i) {
    text += "1 0 8:" + std::to_string(i) + " / /m rw - ext4 /dev/sd rw\n";
  }
  given(text);
  const auto status = try_plan();
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("513 filesystems would be frozen"));
}

class PlanningAgain : public Safety {
 protected:
  std::optional<Reason> after(const std::string& text) {
    make();
    MountTable old_table = std::move(table);
    const Plan before = plan;
    given(text);
    make();
    return difference(before, plan);
  }
};

TEST_F(PlanningAgain, TheSameSuperblocksThroughOtherMountsAreNoDifference) {
  EXPECT_EQ(after(R"(
    1 0 8:3 / /usb rw - vfat /dev/sdc rw
    2 0 8:2 / /elsewhere rw - xfs /dev/sdb rw
    3 0 8:1 / / rw - ext4 /dev/sda rw
    4 0 0:60 / /run rw - tmpfs tmpfs rw)"),
            std::nullopt);
}

TEST_F(PlanningAgain, ANewFilesystemIsNamed) {
  disk({8, 4}, "sdd");
  EXPECT_EQ(after(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 8:2 / /data rw - xfs /dev/sdb rw
    30 28 8:4 / /new rw - xfs /dev/sdd rw)")
                ->view(),
            "/new was mounted meanwhile and is not frozen");
}

TEST_F(PlanningAgain, AFilesystemThatWentIsNamed) {
  EXPECT_EQ(after("28 1 8:1 / / rw - ext4 /dev/sda rw")->view(),
            "/data would no longer be frozen: it was unmounted or changed meanwhile");
}

TEST_F(PlanningAgain, AFilesystemOnADeviceThatNobodyLookedUpIsNamed) {
  EXPECT_THAT(std::string(after(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 8:2 / /data rw - xfs /dev/sdb rw
    30 28 8:4 / /new rw - xfs /dev/sdd rw)")
                              ->view()),
              HasSubstr("/new came meanwhile"));
}

}  // namespace
}  // namespace vss::plan
