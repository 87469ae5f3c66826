// What type, flags and repeated mounts decide.
#include "plan/plan_fixture.hpp"

namespace vss::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TypeRules : public PlanFixture {
 protected:
  TypeRules() {
    disk({8, 0}, "sda");
    for (unsigned n = 1; n <= 9; ++n)
      partition({8, n}, "sda" + std::to_string(n), {8, 0});
  }
};

TEST_F(TypeRules, AServersTable) {
  given(R"(
    22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw
    23 28 0:21 / /proc rw,nosuid shared:13 - proc proc rw
    24 28 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw,size=4005908k
    26 28 0:23 / /run rw,nosuid shared:5 - tmpfs tmpfs rw,size=806304k
    28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
    30 23 0:27 / /proc/sys/fs/binfmt_misc rw shared:15 - autofs systemd-1 rw,fd=29,pgrp=1,direct
    31 30 0:38 / /proc/sys/fs/binfmt_misc rw shared:16 - binfmt_misc binfmt_misc rw
    40 28 8:2 / /home rw,relatime shared:30 - xfs /dev/sda2 rw,attr2,inode64
    41 28 8:3 / /boot/efi rw,relatime shared:31 - vfat /dev/sda3 rw,fmask=0022
    42 28 0:50 / /net rw shared:32 - autofs /etc/auto.net rw,fd=6,indirect
    43 42 0:51 / /net/files rw shared:33 - nfs4 files:/export rw,vers=4.2
    44 28 7:3 / /snap/core/1 ro,nodev shared:34 - squashfs /dev/loop3 ro,errors=continue
    45 26 0:52 / /run/user/1000/doc rw shared:35 - fuse.portal portal rw,user_id=1000
    46 28 0:53 / /mnt/ssh rw shared:36 - fuse.sshfs me@host:/ rw,user_id=0
    47 28 0:54 / /mnt/win rw shared:37 - cifs //server/share rw,vers=3.1
    48 28 0:55 / /mnt/host rw shared:38 - 9p hostshare rw,trans=virtio)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/home", "/"}}));
  EXPECT_THAT(to_sync(), ElementsAre("/boot/efi"));
  EXPECT_EQ(plan.summary.to_freeze, 2U);
  EXPECT_EQ(plan.summary.lower_grade, 0U);
  EXPECT_EQ(plan.summary.vetoes, 0U);
  EXPECT_EQ(reason("/"), "ext4 on disk sda");
  EXPECT_EQ(reason("/proc"), "pseudo: files of the kernel");
  EXPECT_EQ(reason("/net"), "pseudo: files of the kernel");
  EXPECT_EQ(reason("/run"), "not persistent: kept in memory");
  EXPECT_EQ(reason("/net/files"), "remote: stored by another system");
  EXPECT_EQ(reason("/mnt/win"), "remote: stored by another system");
  EXPECT_EQ(reason("/mnt/host"), "remote: stored by another system");
  EXPECT_THAT(reason("/mnt/ssh"), HasSubstr("FUSE"));
  EXPECT_EQ(reason("/snap/core/1"), "read-only filesystem: nothing is written to it");
  EXPECT_THAT(reason("/boot/efi"), HasSubstr("EFI system partition"));
}

TEST_F(TypeRules, EveryFreezableTypeFreezes) {
  unsigned minor = 0;
  for (const char* type :
       {"ext2", "ext3", "ext4", "f2fs", "gfs2", "jfs", "nilfs2", "reiserfs", "xfs"}) {
    const std::string number = std::to_string(++minor);
    given("1 0 8:" + number + " / / rw - " + type + " /dev/sda" + number + " rw");
    make();
    EXPECT_EQ(layers(), (Layers{{"/"}})) << type;
  }
}

TEST_F(TypeRules, ReadOnlyIsTheSuperblocksFlagAsHardenedUnitsSeeEverythingReadOnly) {
  given(R"(
    28 1 8:1 / / ro,relatime master:1 - ext4 /dev/sda1 rw
    29 28 8:2 / /usr rw,relatime master:2 - ext4 /dev/sda2 ro
    30 28 8:3 / /var ro,nosuid master:3 - ext4 /dev/sda3 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/var", "/"}}));
  EXPECT_EQ(action("/usr"), Action::kSkip);
}

TEST_F(TypeRules, AReadOnlyBindOfAWritableFilesystemIsCoveredByIt) {
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda1 rw
    29 28 8:2 /sub /ro ro - ext4 /dev/sda2 rw
    30 28 8:2 / /data rw - ext4 /dev/sda2 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/data", "/"}}));
  EXPECT_EQ(action("/ro"), Action::kCovered);
  EXPECT_EQ(reason("/ro"), "same filesystem as /data");
}

TEST_F(TypeRules, AThousandBindMountsOfPodsAreOneFilesystem) {
  std::string text =
      "28 1 8:1 / / rw - ext4 /dev/sda1 rw\n29 28 8:2 / /var rw - xfs /dev/sda2 rw\n";
  for (int pod = 0; pod < 1000; ++pod) {
    const std::string number = std::to_string(pod);
    text += std::to_string(100 + pod) + " 29 8:2 /lib/kubelet/pods/" + number +
            "/volumes/v /var/lib/kubelet/pods/" + number +
            "/subpaths/v rw shared:9 - xfs /dev/sda2 rw\n";
  }
  given(text);
  make();
  EXPECT_EQ(layers(), (Layers{{"/var", "/"}}));
  EXPECT_EQ(plan.mounts_of(plan.to_freeze[0]).size(), 1001U);
  EXPECT_EQ(plan.mounts_of(plan.to_freeze[0]).front(), 1U);
  EXPECT_EQ(reason("/var/lib/kubelet/pods/7/subpaths/v"), "same filesystem as /var");
}

TEST_F(TypeRules, ASubvolumeEachIsStillOneBtrfs) {
  blocks.members.push_back({{0, 39}, {{8, 1}, {8, 2}}});
  given(R"(
    28 1 0:39 /@ / rw - btrfs /dev/sda1 rw,space_cache,subvolid=256,subvol=/@
    29 28 0:39 /@home /home rw - btrfs /dev/sda1 rw,space_cache,subvolid=257,subvol=/@home
    30 28 0:39 /@snapshots /.snapshots ro - btrfs /dev/sda1 rw,subvolid=258,subvol=/@snapshots)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/"}}));
  EXPECT_EQ(reason("/home"), "same filesystem as /");
  EXPECT_EQ(reason("/.snapshots"), "same filesystem as /");
}

TEST_F(TypeRules, TheMountToOpenIsVisibleAndShowsTheFilesystemsRoot) {
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda1 rw
    29 28 8:2 /etc/hosts /etc/hosts rw - ext4 /dev/sda2 rw
    30 28 8:2 / /over rw - ext4 /dev/sda2 rw
    31 30 8:3 / /over rw - ext4 /dev/sda3 rw
    32 28 8:2 / /seen rw - ext4 /dev/sda2 rw)");
  make();
  const auto mounts = plan.mounts_of(plan.to_freeze[1]);
  EXPECT_EQ(plan.to_freeze[1].device, (DeviceNumber{8, 2}));
  EXPECT_THAT(std::vector(mounts.begin(), mounts.end()), ElementsAre(4U, 1U, 2U));
}

TEST_F(TypeRules, AnUnfreezableFilesystemIsSyncedAndLowersTheGrade) {
  request.require_filesystem = false;
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda1 rw
    29 28 8:2 / /usb rw - vfat /dev/sda2 rw
    30 28 8:3 / /win rw - fuseblk /dev/sda3 rw
    31 28 8:4 / /card rw - exfat /dev/sda4 rw)");
  make();
  EXPECT_EQ(layers(), (Layers{{"/"}}));
  EXPECT_THAT(to_sync(), ElementsAre("/usb", "/win", "/card"));
  EXPECT_EQ(plan.summary.lower_grade, 3U);
  EXPECT_EQ(reason("/usb"), "vfat cannot be frozen: only flushed");
}

TEST_F(TypeRules, ThePolicyFailVetoesWhatCannotBeFrozen) {
  request.unfreezable = Unfreezable::kFail;
  request.require_filesystem = false;
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda1 rw
    29 28 8:2 / /usb rw - vfat /dev/sda2 rw
    30 28 8:3 / /boot/efi rw - vfat /dev/sda3 rw)");
  make();
  EXPECT_EQ(plan.summary.vetoes, 1U);
  EXPECT_EQ(plan.first_veto().view(),
            "/usb: vfat cannot be frozen, and the policy for that is `fail`: leave it out with "
            "`exclude`, or set the policy to `sync`");
  EXPECT_EQ(action("/boot/efi"), Action::kSync);
}

TEST_F(TypeRules, ZfsIsSyncedAndDoesNotLowerTheGrade) {
  given(R"(
    28 1 0:30 / / rw - zfs rpool/ROOT/debian rw,xattr,posixacl
    29 28 0:31 / /home rw - zfs rpool/home rw,xattr,posixacl)");
  make();
  EXPECT_EQ(layers(), Layers{});
  EXPECT_THAT(to_sync(), ElementsAre("/", "/home"));
  EXPECT_EQ(reason("/home"),
            "ZFS cannot be frozen, and pool rpool is always consistent by itself: this dataset is "
            "flushed");
  EXPECT_EQ(plan.summary.lower_grade, 0U);
  EXPECT_EQ(plan.summary.vetoes, 0U);
}

TEST_F(TypeRules, AnUnknownTypeOnADeviceIsSaidAndTreatedAsUnfreezable) {
  request.require_filesystem = false;
  given("29 28 8:2 / /new rw - newfs /dev/sda2 rw");
  make();
  EXPECT_EQ(action("/new"), Action::kSync);
  EXPECT_EQ(reason("/new"),
            "type newfs is not known and taken for one that cannot be frozen: only flushed");
  EXPECT_EQ(plan.summary.lower_grade, 1U);
}

TEST_F(TypeRules, AnUnknownTypeMayKeepDataByItsDeviceOrByItsSource) {
  request.require_filesystem = false;
  given(R"(
    29 28 8:2 / /device rw - newfs newfs rw
    30 28 0:77 / /source rw - newfs /srv/lower rw)");
  make();
  EXPECT_THAT(to_sync(), ElementsAre("/device", "/source"));
}

TEST_F(TypeRules, AnUnknownTypeOnNoDeviceIsTakenForTheKernelsOwn) {
  given("29 28 0:77 / /sys/fs/new rw - newctlfs newctlfs rw");
  make();
  EXPECT_EQ(action("/sys/fs/new"), Action::kSkip);
  EXPECT_THAT(reason("/sys/fs/new"), HasSubstr("newctlfs is not known"));
}

TEST_F(TypeRules, FuseThatServesADiskOfThisMachineIsLocal) {
  request.require_filesystem = false;
  given(R"(
    29 28 0:77 / /ntfs rw - fuse.ntfs-3g /dev/sda2 rw
    30 28 0:78 / /gvfs rw - fuse /dev/fuse rw)");
  make();
  EXPECT_EQ(action("/ntfs"), Action::kSync);
  EXPECT_EQ(action("/gvfs"), Action::kSkip);
}

TEST_F(TypeRules, AnEmptyTableIsAnEmptyPlan) {
  make();
  EXPECT_THAT(plan.entries, IsEmpty());
  EXPECT_EQ(plan.layer_count(), 0U);
  EXPECT_EQ(plan.summary.to_freeze, 0U);
}

}  // namespace
}  // namespace vss::plan
