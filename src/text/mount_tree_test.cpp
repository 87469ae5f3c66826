#include "text/mount_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace vss::text {
namespace {

using testing::HasSubstr;
using testing::Not;

MountLine frozen(std::string_view at, int layer) {
  return {at, layer, "freeze", "ext4", "8:1", "ext4 on disk sda", false};
}
MountLine pseudo(std::string_view at) {
  return {at, -1, "skip", "proc", "0:5", "pseudo: files of the kernel", true};
}

std::string tree(const std::vector<MountLine>& lines, Strokes strokes = Strokes::kAscii,
                 Folding folding = Folding::kNone) {
  return mount_tree(lines, strokes, folding);
}

TEST(MountTree, DrawsWhatIsMountedBelowWhatAndTheOrder) {
  EXPECT_EQ(tree({frozen("/", 1), frozen("/a", 1), frozen("/a/b/c", 0), pseudo("/proc")}),
            "  LAYER  ACTION  MOUNT POINT  TYPE  DEVICE  REASON\n"
            "  1      freeze  /            ext4  8:1     ext4 on disk sda\n"
            "  1      freeze  |-/a         ext4  8:1     ext4 on disk sda\n"
            "  0      freeze  | `-/a/b/c   ext4  8:1     ext4 on disk sda\n"
            "  -      skip    `-/proc      proc  0:5     pseudo: files of the kernel\n"
            "Freezes layer by layer, thaws in the reverse:\n"
            "  0  /a/b/c\n"
            "  1  /, /a\n");
}

// Its path has a slash at its end, or it would name a link.
TEST(MountTree, TheRootOfAnotherNamespaceHasItsMountsBelowIt) {
  EXPECT_THAT(tree({frozen("/", 0), frozen("/proc/8/root/", 0), frozen("/proc/8/root/srv", 0)}),
              HasSubstr("  0      freeze  `-/proc/8/root/       ext4  8:1     ext4 on disk sda\n"
                        "  0      freeze    `-/proc/8/root/srv  ext4"));
}

TEST(MountTree, BoxesWhereTheTerminalHasThem) {
  const std::string text = tree({frozen("/", 0), frozen("/a", 0)}, Strokes::kBoxes);
  EXPECT_THAT(text, HasSubstr("└─/a "));
  EXPECT_THAT(text, HasSubstr("  0      freeze  /            ext4"));
}

TEST(MountTree, QuietMountsOfOneReasonAreOneLine) {
  const std::vector<MountLine> lines = {frozen("/", 0),
                                        pseudo("/proc"),
                                        pseudo("/proc/sys/x"),
                                        pseudo("/sys"),
                                        frozen("/sys/odd", 0),
                                        pseudo("/dev"),
                                        {"/tmp", -1, "skip", "tmpfs", "0:6", "in memory", true}};
  const std::string folded = tree(lines, Strokes::kAscii, Folding::kAlike);
  EXPECT_THAT(folded, HasSubstr("-      skip    |-3 mounts"));
  EXPECT_THAT(folded, HasSubstr("|-/sys "));  // something below it is not quiet
  EXPECT_THAT(folded, HasSubstr("/sys/odd"));
  EXPECT_THAT(folded, HasSubstr("/tmp"));
  EXPECT_THAT(folded, Not(HasSubstr("/proc")));
  EXPECT_THAT(tree(lines), HasSubstr("/proc/sys/x"));
}

TEST(MountTree, TwoMountsOnOnePlaceStandBesideEachOther) {
  const std::string text = tree({frozen("/", 0), pseudo("/m"), frozen("/m", 0), frozen("/m/n", 0)});
  EXPECT_THAT(text, HasSubstr("|-/m "));
  EXPECT_THAT(text, HasSubstr("| `-/m/n "));
  EXPECT_THAT(text, HasSubstr("`-/m "));
}

TEST(MountTree, WithoutARootAndWithControlBytes) {
  const std::string text = tree({{"/a\x1b[2J", -1, "veto", "ext4", "8:1", "\x07why", false}});
  EXPECT_THAT(text, HasSubstr("/a?[2J"));
  EXPECT_THAT(text, HasSubstr("?why"));
  EXPECT_THAT(text, HasSubstr("Nothing is frozen.\n"));
}

TEST(MountTree, ADeepPathDrawsToo) {
  std::vector<std::string> paths = {"/"};
  for (int i = 0; i < 500; ++i)
    paths.push_back((i == 0 ? "" : paths.back()) + "/x");
  std::vector<MountLine> lines;
  for (const std::string& path : paths)
    lines.push_back(pseudo(path));
  EXPECT_THAT(tree(lines), HasSubstr(paths.back()));
  EXPECT_THAT(tree(lines, Strokes::kAscii, Folding::kAlike), HasSubstr("501 mounts"));
}

}  // namespace
}  // namespace vss::text
