// What lies on what: loop devices freeze before the filesystem that holds their files.
#include "plan/plan_fixture.hpp"

namespace vss::plan {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Stacking : public PlanFixture {
 protected:
  Stacking() { disk({8, 1}, "sda"); }
};

TEST_F(Stacking, ALoopDeviceFreezesBeforeTheFilesystemOfItsFile) {
  disk({8, 2}, "sdb");
  loop({7, 0}, "/var/images/a.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 8:2 / /var rw - ext4 /dev/sdb rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/a"}, {"/var", "/"}}));
  EXPECT_EQ(at("/mnt/a").layer, 0);
  EXPECT_EQ(at("/var").layer, 1);
  EXPECT_EQ(reason("/mnt/a"),
            "ext4 on loop0, frozen before /var, which holds its backing file /var/images/a.img");
}

TEST_F(Stacking, TheTemporaryDirectoryOfCpanelIsALoopDeviceWithABindMount) {
  loop({7, 0}, "/usr/tmpDSK");
  given(R"(
    28 1 8:1 / / rw - xfs /dev/sda rw
    30 28 7:0 / /tmp rw,nosuid,noexec - ext4 /dev/loop0 rw,discard
    31 28 7:0 / /var/tmp rw,nosuid,noexec - ext4 /dev/loop0 rw,discard)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/tmp"}, {"/"}}));
  EXPECT_EQ(reason("/var/tmp"), "same filesystem as /tmp");
}

TEST_F(Stacking, NestedLoopDevicesAreALayerEach) {
  loop({7, 0}, "/a.img");
  loop({7, 1}, "/mnt/a/b.img");
  loop({7, 2}, "/mnt/b/c.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    32 28 7:2 / /mnt/c rw - ext4 /dev/loop2 rw
    31 28 7:1 / /mnt/b rw - xfs /dev/loop1 rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/c"}, {"/mnt/b"}, {"/mnt/a"}, {"/"}}));
}

// What must thaw first is told one by one, so that what hangs holds only what lies on it.
TEST_F(Stacking, BackingsNameWhatLiesOnWhatAlsoThroughWhatIsNotFrozen) {
  const std::string_view pattern = "/mnt/b";
  request.exclude = {&pattern, 1};
  loop({7, 0}, "/a.img");
  loop({7, 1}, "/mnt/a/b.img");
  loop({7, 2}, "/mnt/b/c.img");
  disk({8, 2}, "sdb");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 8:2 / /srv rw - ext4 /dev/sdb rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw
    31 28 7:1 / /mnt/b rw - xfs /dev/loop1 rw
    32 28 7:2 / /mnt/c rw - ext4 /dev/loop2 rw)");
  make();
  std::vector<std::pair<std::string_view, std::string_view>> backings;
  for (const Plan::Backing& backing : plan.backings) {
    backings.emplace_back(plan.entries[plan.to_freeze[backing.upper].entry].mount_point,
                          plan.entries[plan.to_freeze[backing.lower].entry].mount_point);
  }
  EXPECT_THAT(backings,
              ElementsAre(testing::Pair("/mnt/c", "/mnt/a"), testing::Pair("/mnt/a", "/")));
}

TEST_F(Stacking, ADeletedBackingFileStillLiesWhereItDid) {
  loop({7, 0}, "/srv/a.img (deleted)");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/a"}, {"/"}}));
}

TEST_F(Stacking, APartitionOfALoopDeviceLiesOnItsFileToo) {
  loop({7, 0}, "/a.img");
  partition({259, 0}, "loop0p1", {7, 0});
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    30 28 259:0 / /mnt/a rw - ext4 /dev/loop0p1 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/a"}, {"/"}}));
}

TEST_F(Stacking, AFileOutsideThisTableCountsAsADisk) {
  loop({7, 0}, "/tmp/sandbox/a.img");
  given(R"(
    28 1 0:40 / / rw - tmpfs tmpfs rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/a"}}));
  EXPECT_THAT(reason("/mnt/a"),
              AllOf(HasSubstr("counts as a disk"), HasSubstr("/tmp/sandbox/a.img")));
}

// The path is another mount namespace's, where the same filesystem is mounted elsewhere.
TEST_F(Stacking, TheNumberOfTheBackingFileIsTheTruthAndNotItsPath) {
  disk({8, 2}, "sdb");
  loop({7, 0}, "/images/a.img");
  backed_by({{8, 2}, 12});
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 8:2 / /var rw - ext4 /dev/sdb rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_THAT(reason("/mnt/a"), HasSubstr("frozen before /var, which holds"));
  EXPECT_THAT(plan.backings, ElementsAre(Plan::Backing{0, 1}));
}

TEST_F(Stacking, AFileWhoseFilesystemThisTableDoesNotKnowCountsAsADisk) {
  loop({7, 0}, "/tmp/sandbox/a.img");
  backed_by({{8, 3}, 12});
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_THAT(reason("/mnt/a"), HasSubstr("no filesystem of this table holds its backing file"));
}

// A subvolume's number is in no table: what the path names here decides.
TEST_F(Stacking, AFileOfASubvolumeIsFoundByItsPathUnlessThatNamesAnother) {
  blocks.members.push_back({{0, 39}, {{8, 1}}});
  loop({7, 0}, "/srv/a.img");
  backed_by({{0, 47}, 12}, FileNumber{{0, 47}, 12});
  loop({7, 1}, "/srv/b.img");
  backed_by({{0, 47}, 13}, FileNumber{{0, 48}, 13});
  loop({7, 2}, "/srv/c.img (deleted)");
  backed_by({{0, 47}, 14});
  given(R"(
    28 1 0:39 / / rw - btrfs /dev/sda rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw
    31 28 7:1 / /mnt/b rw - ext4 /dev/loop1 rw
    32 28 7:2 / /mnt/c rw - ext4 /dev/loop2 rw)");
  make();
  EXPECT_THAT(reason("/mnt/a"), HasSubstr("frozen before /, which holds"));
  EXPECT_THAT(reason("/mnt/b"), HasSubstr("nobody can tell what holds its backing file"));
  EXPECT_THAT(reason("/mnt/c"), HasSubstr("frozen before /, which holds"));
  EXPECT_EQ(layers(), (Layers{{"/mnt/b"}, {"/mnt/c", "/mnt/a"}, {"/"}}));
}

TEST_F(Stacking, AFileOnNoFilesystemOfThisTableCountsAsADisk) {
  loop({7, 0}, "/a.img");
  given("30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/a"}}));
  EXPECT_THAT(reason("/mnt/a"), HasSubstr("no filesystem of this table holds its backing file"));
}

TEST_F(Stacking, APathThatLeadsBackToTheFilesystemItselfBelongsToAnotherNamespace) {
  loop({7, 0}, "/mnt/a/a.img");
  given("30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/a"}}));
  EXPECT_THAT(reason("/mnt/a"), HasSubstr("counts as a disk"));
}

TEST_F(Stacking, ABackingFileThatCannotBeReadIsAVeto) {
  loop({7, 0}, std::nullopt);
  given("30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw");
  make();
  EXPECT_EQ(action("/mnt/a"), Action::kVeto);
  EXPECT_EQ(reason("/mnt/a"),
            "the backing file of loop0 cannot be read: leave it out with `exclude`");
}

TEST_F(Stacking, AFileBelowAnOvermountedDirectoryMayLieOnEither) {
  disk({8, 2}, "sdb");
  disk({8, 3}, "sdc");
  loop({7, 0}, "/a/b/x.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 8:2 / /a/b rw - ext4 /dev/sdb rw
    31 28 8:3 / /a rw - ext4 /dev/sdc rw
    30 28 7:0 / /mnt rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt"}, {"/a", "/a/b", "/"}}));
}

TEST_F(Stacking, ALoopDeviceOnAnOverlayLiesOnTheUppersFilesystem) {
  loop({7, 0}, "/m/a.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 0:50 / /m rw - overlay overlay rw,lowerdir=/l,upperdir=/up,workdir=/w
    30 28 7:0 / /mnt rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt"}, {"/"}}));
}

TEST_F(Stacking, ALoopDeviceOnAnOverlayFreezesBeforeALoopDeviceThatHoldsTheUpper) {
  loop({7, 0}, "/a.img");
  loop({7, 1}, "/m/b.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 7:0 / /a rw - ext4 /dev/loop0 rw
    30 28 0:50 / /m rw - overlay overlay rw,lowerdir=/l,upperdir=/a/up,workdir=/a/w
    31 28 7:1 / /b rw - ext4 /dev/loop1 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/b"}, {"/a"}, {"/"}}));
}

TEST_F(Stacking, AFileThatAProcessServesFreezesBeforeAllThatTheProcessMayWriteTo) {
  disk({8, 2}, "sdb");
  loop({7, 0}, "/srv/fuse/a.img");
  loop({7, 1}, "/b.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 0:50 / /srv/fuse rw - fuse.gocryptfs /enc rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw
    31 28 7:1 / /mnt/b rw - ext4 /dev/loop1 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/a"}, {"/mnt/b"}, {"/"}}));
}

TEST_F(Stacking, AChainOverAFilesystemThatIsLeftOutKeepsItsOrder) {
  const std::string_view patterns[] = {"/mnt/a"};
  request.exclude = patterns;
  loop({7, 0}, "/a.img");
  loop({7, 1}, "/mnt/a/b.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw
    31 28 7:1 / /mnt/b rw - ext4 /dev/loop1 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/b"}, {"/"}}));
  EXPECT_THAT(reason("/mnt/b"), HasSubstr("counts as a disk: nothing is frozen at /mnt/a"));
}

// What nobody can explain may be served from any filesystem here, also when it is left out.
TEST_F(Stacking, AFileOnWhatIsNotExplainedFreezesBeforeAllOthers) {
  const std::string_view patterns[] = {"/nbd"};
  request.exclude = patterns;
  virtual_device({43, 0}, "nbd0", {});
  loop({7, 0}, "/nbd/a.img");
  loop({7, 1}, "/b.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 43:0 / /nbd rw - ext4 /dev/nbd0 rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw
    31 28 7:1 / /mnt/b rw - ext4 /dev/loop1 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/a"}, {"/mnt/b"}, {"/"}}));
}

TEST_F(Stacking, AFileOnWhatIsOnlySyncedFreezesBeforeWhatThatLiesOn) {
  request.require_filesystem = false;
  loop({7, 0}, "/a.img");
  loop({7, 1}, "/a/usb.img");
  loop({7, 2}, "/usb/b.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 7:0 / /a rw - ext4 /dev/loop0 rw
    30 28 7:1 / /usb rw - vfat /dev/loop1 rw
    31 28 7:2 / /b rw - ext4 /dev/loop2 rw)");
  make();
  EXPECT_EQ(action("/usb"), Action::kSync);
  EXPECT_EQ(layers(), (Layers{{"/b"}, {"/a"}, {"/"}}));
}

TEST_F(Stacking, BtrfsLiesOnAllItsDevices) {
  loop({7, 0}, "/x.img");
  blocks.members.push_back({{0, 39}, {{8, 2}, {7, 0}}});
  disk({8, 2}, "sdb");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 0:39 / /data rw - btrfs /dev/sdb rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/data"}, {"/"}}));
}

TEST_F(Stacking, BtrfsWhoseDevicesAreUnknownIsAVeto) {
  blocks.members.push_back({{0, 40}, {}});
  given(R"(
    29 28 0:39 / /data rw - btrfs /dev/root rw
    30 28 0:40 / /more rw - btrfs /dev/gone rw)");
  make();
  EXPECT_EQ(action("/more"), Action::kVeto);
  EXPECT_THAT(reason("/data"), HasSubstr("cannot be found out from its source /dev/root"));
}

TEST_F(Stacking, WithoutSysTheOrderIsTheReverseOfMountingOneByOne) {
  blocks = {};
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 8:2 / /var rw - ext4 /dev/sdb rw
    30 28 7:0 / /mnt/a rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/mnt/a"}, {"/var"}, {"/"}}));
  EXPECT_THAT(reason("/"), HasSubstr("/sys is not there"));
}

TEST_F(Stacking, WhatToLookUpIsEachFreezableSuperblockOnce) {
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 8:1 /x /x rw - ext4 /dev/sda rw
    30 28 0:39 / /b rw - btrfs /dev/mapper/vg-b rw
    31 28 0:41 / /nfs rw - nfs h:/x rw
    32 28 8:3 / /ro ro - ext4 /dev/sdc ro
    33 28 8:4 / /usb rw - vfat /dev/sdd rw
    34 28 0:42 / /tank rw - zfs tank rw
    35 28 8:5 / /big rw - xfs /dev/sde rw,logdev=/dev/sdf,noquota)");
  const auto queries = devices_to_look_up(table);
  ASSERT_EQ(queries.size(), 4U);
  EXPECT_EQ(queries[0].filesystem, (DeviceNumber{8, 1}));
  EXPECT_FALSE(queries[0].by_source);
  EXPECT_EQ(queries[1].source, "/dev/mapper/vg-b");
  EXPECT_TRUE(queries[1].by_source);
  EXPECT_EQ(queries[2].filesystem, (DeviceNumber{8, 4}));
  EXPECT_THAT(queries[3].paths, ElementsAre("/dev/sdf"));
}

}  // namespace
}  // namespace vss::plan
