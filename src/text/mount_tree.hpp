// A plan as a tree of its mounts: `vssctl plan` and `vss-freezer --plan` draw the same. Allocates:
// not for the freeze window.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace vss::text {

// One mount, in words. The texts must outlive the call only.
struct MountLine {
  std::string_view mount_point;
  int layer = -1;  // 0 freezes first; -1: not frozen
  std::string_view action;
  std::string_view type;
  std::string device;  // "8:1"
  std::string_view reason;
  bool quiet = false;  // nothing is done to it: may be folded with others
};

enum class Strokes { kAscii, kBoxes };
enum class Folding { kNone, kAlike };  // quiet mounts of one reason below one mount: a line

// What is mounted below what, by the paths, in the order of `lines`; then which freeze together and
// in which order. Ends with a line end; control bytes are shown as `?`.
std::string mount_tree(std::span<const MountLine> lines, Strokes strokes, Folding folding);

}  // namespace vss::text
