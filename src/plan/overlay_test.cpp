// Overlay goes the way of the filesystem that holds its upper directory.
#include "plan/plan_fixture.hpp"

namespace vss::plan {
namespace {

using testing::HasSubstr;

class Overlay : public PlanFixture {
 protected:
  Overlay() {
    disk({8, 1}, "sda");
    disk({8, 2}, "sdb");
  }
  void given_host_and(const std::string& lines) {
    given(R"(
      28 1 8:1 / / rw - ext4 /dev/sda rw
      29 28 8:2 / /var rw - xfs /dev/sdb rw
      30 28 0:23 / /run rw - tmpfs tmpfs rw
    )" + lines);
  }
};

TEST_F(Overlay, AContainerIsCoveredByTheFilesystemOfItsUpperDirectoryNotOfItsLowerOnes) {
  given_host_and(
      "40 29 0:50 / /var/lib/docker/overlay2/a1/merged rw - overlay overlay "
      "rw,lowerdir=/lower/l/X:/lower/l/Y,upperdir=/var/lib/docker/overlay2/a1/diff,workdir=/w");
  make();
  EXPECT_EQ(layers(), (Layers{{"/var", "/"}}));
  EXPECT_EQ(action("/var/lib/docker/overlay2/a1/merged"), Action::kCovered);
  EXPECT_EQ(reason("/var/lib/docker/overlay2/a1/merged"),
            "covered by the freeze of /var, which holds its upper directory "
            "/var/lib/docker/overlay2/a1/diff");
}

TEST_F(Overlay, ARelativeUpperDirectoryOfDockerIsFound) {
  given_host_and(
      "40 29 0:50 / /var/lib/docker/overlay2/a1/merged rw - overlay overlay "
      "rw,lowerdir=l/X:l/Y,upperdir=a1/diff,workdir=a1/work");
  make();
  EXPECT_THAT(reason("/var/lib/docker/overlay2/a1/merged"),
              HasSubstr("covered by the freeze of /var"));
}

TEST_F(Overlay, ARelativeUpperDirectoryThatNothingLeadsToIsAVeto) {
  given_host_and("40 28 0:50 / /m rw - overlay overlay rw,lowerdir=/l,upperdir=up/x,workdir=w");
  make();
  EXPECT_EQ(action("/m"), Action::kVeto);
}

TEST_F(Overlay, AnUpperDirectoryInMemoryIsNotPersistent) {
  given_host_and(
      "40 28 0:50 / /live rw - overlay o rw,lowerdir=/l,upperdir=/run/up,workdir=/run/w");
  make();
  EXPECT_EQ(action("/live"), Action::kSkip);
  EXPECT_THAT(reason("/live"), HasSubstr("not persistent, like /run"));
}

TEST_F(Overlay, WithoutAnUpperDirectoryItIsReadOnly) {
  given_host_and("40 28 0:50 / /image ro - overlay overlay ro,lowerdir=/a:/b");
  make();
  EXPECT_EQ(action("/image"), Action::kSkip);
  EXPECT_THAT(reason("/image"), HasSubstr("read-only"));
}

TEST_F(Overlay, ReadOnlyItHasNothingToFreezeWhateverItsUpperDirectory) {
  given_host_and("40 28 0:50 / /m ro - overlay overlay ro,lowerdir=/l,upperdir=/outside,workdir=w");
  make();
  EXPECT_EQ(action("/m"), Action::kSkip);
}

TEST_F(Overlay, TheRootOfAContainerWhoseUpperDirectoryIsOutsideIsAVeto) {
  given(R"(
    900 800 0:60 / / rw - overlay overlay rw,lowerdir=/A,upperdir=/var/lib/docker/x/diff
    901 900 0:61 / /proc rw - proc proc rw
    902 900 8:1 /docker/hosts /etc/hosts rw - ext4 /dev/sda rw)");
  make();
  EXPECT_EQ(action("/"), Action::kVeto);
  EXPECT_THAT(reason("/"), HasSubstr("`exclude`"));
  EXPECT_THAT(reason("/"), HasSubstr("/var/lib/docker/x/diff"));
}

TEST_F(Overlay, AnOverlayOnAnOverlayEndsAtWhatStoresTheData) {
  given_host_and(R"(
    40 28 0:50 / /a rw - overlay overlay rw,lowerdir=/l,upperdir=/var/up,workdir=/var/w
    41 28 0:51 / /b rw - overlay overlay rw,lowerdir=/l,upperdir=/a/up,workdir=/a/w)");
  make();
  EXPECT_THAT(reason("/b"), HasSubstr("covered by the freeze of /var"));
}

TEST_F(Overlay, OverlaysOnEachOtherAreVetoes) {
  given_host_and(R"(
    40 28 0:50 / /a rw - overlay overlay rw,lowerdir=/l,upperdir=/b/up,workdir=/w
    41 28 0:51 / /b rw - overlay overlay rw,lowerdir=/l,upperdir=/a/up,workdir=/w)");
  make();
  EXPECT_EQ(action("/a"), Action::kVeto);
  EXPECT_EQ(action("/b"), Action::kVeto);
}

TEST_F(Overlay, GoesTheWayOfAFilesystemThatIsLeftOut) {
  const std::string_view patterns[] = {"/var"};
  request.exclude = patterns;
  given_host_and("40 28 0:50 / /m rw - overlay overlay rw,lowerdir=/l,upperdir=/var/up,workdir=/w");
  make();
  EXPECT_EQ(action("/m"), Action::kExclude);
  EXPECT_EQ(plan.summary.excluded, 1U);
}

TEST_F(Overlay, SelectingItSelectsWhatStoresItsData) {
  const std::string_view paths[] = {"/m"};
  request.selection = Selection::kPaths;
  request.paths = paths;
  given_host_and("40 28 0:50 / /m rw - overlay overlay rw,lowerdir=/l,upperdir=/var/up,workdir=/w");
  make();
  EXPECT_EQ(layers(), (Layers{{"/var"}}));
  EXPECT_EQ(action("/"), Action::kExclude);
}

}  // namespace
}  // namespace vss::plan
