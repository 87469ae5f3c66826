// What is well itself and lies on what is suspended, or on what lies on itself.
#include "plan/plan_fixture.hpp"

namespace vss::plan {
namespace {

using testing::HasSubstr;

class TroubleBelow : public PlanFixture {
 protected:
  TroubleBelow() { disk({8, 1}, "sda"); }
  void exclude(std::vector<std::string_view> patterns) {
    patterns_ = std::move(patterns);
    request.exclude = patterns_;
  }
  // /a and /b hold each other's files, and /a one more; /a lies on / too.
  void given_ring() {
    loop({7, 0}, "/b/a.img");
    loop({7, 1}, "/a/b.img");
    loop({7, 2}, "/a/c.img");
    loop({7, 3}, "/a.img");
    array(0, "raid1", {{7, 0}, {7, 3}});
    given(R"(
      28 1 8:1 / / rw - ext4 /dev/sda rw
      30 28 9:0 / /a rw - ext4 /dev/md0 rw
      31 28 7:1 / /b rw - ext4 /dev/loop1 rw
      32 28 7:2 / /c rw - ext4 /dev/loop2 rw)");
  }
  std::vector<std::string_view> patterns_;
};

TEST_F(TroubleBelow, AFileOnASuspendedDeviceIsAVetoAlsoWhenThatIsLeftOut) {
  exclude({"/vol"});
  mapped(0, "vg-vol", "LVM-a", {{8, 1}}, true);
  loop({7, 0}, "/vol/a.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 253:0 / /vol rw - ext4 /dev/mapper/vg-vol rw
    30 28 7:0 / /mnt rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_EQ(action("/vol"), Action::kExclude);
  EXPECT_EQ(plan.first_veto().view(),
            "/mnt: its file at /vol lies on the suspended device vg-vol: `dmsetup resume vg-vol`, "
            "or leave it out with `exclude`");
}

TEST_F(TroubleBelow, AFileOnADeviceThatMayBeSuspendedIsAVetoToo) {
  exclude({"/vol"});
  mapped(0, "vg-vol", "LVM-a", {{8, 1}}, std::nullopt);
  loop({7, 0}, "/vol/a.img");
  given(R"(
    29 28 253:0 / /vol rw - ext4 /dev/mapper/vg-vol rw
    30 28 7:0 / /mnt rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_EQ(plan.first_veto().view(),
            "/mnt: its file at /vol lies on a perhaps suspended device, vg-vol: leave it out with "
            "`exclude`");
}

// syncfs(2) would wait for it and could not be killed.
TEST_F(TroubleBelow, WhatIsOnlySyncedOnASuspendedDeviceIsAVeto) {
  request.require_filesystem = false;
  mapped(0, "vg-usb", "LVM-a", {{8, 1}}, true);
  loop({7, 0}, "/usb/a.img");
  given(R"(
    28 1 8:1 / / rw - ext4 /dev/sda rw
    29 28 253:0 / /usb rw - vfat /dev/mapper/vg-usb rw
    30 28 7:0 / /boot/efi rw - vfat /dev/loop0 rw)");
  make();
  EXPECT_EQ(reason("/usb"),
            "lies on device-mapper device vg-usb, which is suspended, and a freeze would wait for "
            "it: `dmsetup resume vg-usb`, or leave it out with `exclude`");
  EXPECT_EQ(action("/boot/efi"), Action::kVeto);
  EXPECT_THAT(reason("/boot/efi"), HasSubstr("its file at /usb lies on the suspended device"));
  EXPECT_TRUE(plan.to_sync.empty());
}

TEST_F(TroubleBelow, ASuspendedDeviceIsSeenBesideWhatElseIsWrong) {
  exclude({"/vol"});
  virtual_device({43, 0}, "nbd0", {});
  mapped(0, "vg-vol", "LVM-a", {{8, 1}}, true);
  array(0, "raid1", {{43, 0}, {253, 0}});
  loop({7, 0}, "/vol/a.img");
  given(R"(
    29 28 9:0 / /vol rw - ext4 /dev/md0 rw
    30 28 7:0 / /mnt rw - ext4 /dev/loop0 rw)");
  make();
  EXPECT_THAT(reason("/mnt"), HasSubstr("its file at /vol lies on the suspended device vg-vol"));
}

TEST_F(TroubleBelow, OnlyWhatLiesOnItselfIsToldSo) {
  given_ring();
  make();
  EXPECT_EQ(layers(), (Layers{{"/"}}));
  EXPECT_EQ(reason("/a"),
            "by the paths of its backing files it lies on itself: leave it out with `exclude`, or "
            "run where the files are seen");
  EXPECT_EQ(reason("/b"), reason("/a"));
  EXPECT_EQ(reason("/c"),
            "its file lies on /a, which lies on itself: leave that out with `exclude`");
}

TEST_F(TroubleBelow, WhatLiesOnARingThatIsLeftOutIsFrozenBeforeWhatTheRingLiesOn) {
  given_ring();
  exclude({"/a", "/b"});
  make();
  EXPECT_EQ(layers(), (Layers{{"/c"}, {"/"}}));
  EXPECT_EQ(plan.summary.vetoes, 0U);
}

TEST_F(TroubleBelow, ARingThatIsLeftOutInPartStillLiesOnItself) {
  given_ring();
  exclude({"/a"});
  make();
  EXPECT_EQ(action("/b"), Action::kVeto);
  EXPECT_EQ(reason("/c"),
            "its file lies on /b, which lies on itself: leave that out with `exclude`");
}

TEST_F(TroubleBelow, ARingOutsideOnlyIsOutOfScope) {
  given_ring();
  const std::string_view only[] = {"/c"};
  request.only = only;
  make();
  EXPECT_EQ(layers(), (Layers{{"/c"}}));
  EXPECT_EQ(plan.summary.vetoes, 0U);
}

TEST_F(TroubleBelow, AChainBetweenTwoRingsIsInNone) {
  loop({7, 0}, "/b/x");
  loop({7, 1}, "/a/x");
  loop({7, 2}, "/a/y");
  loop({7, 3}, "/c/y");
  loop({7, 4}, "/e/z");
  loop({7, 5}, "/d/z");
  array(0, "raid1", {{7, 4}, {7, 3}});
  given(R"(
    30 28 7:0 / /a rw - ext4 /dev/loop0 rw
    31 28 7:1 / /b rw - ext4 /dev/loop1 rw
    32 28 7:2 / /c rw - ext4 /dev/loop2 rw
    33 28 9:0 / /d rw - ext4 /dev/md0 rw
    34 28 7:5 / /e rw - ext4 /dev/loop5 rw)");
  make();
  EXPECT_THAT(reason("/a"), HasSubstr("it lies on itself"));
  EXPECT_THAT(reason("/c"), HasSubstr("its file lies on /a, which"));
  EXPECT_THAT(reason("/d"), HasSubstr("it lies on itself"));
  EXPECT_EQ(plan.summary.vetoes, 5U);
}

}  // namespace
}  // namespace vss::plan
