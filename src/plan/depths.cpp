// From what lies on what to an order: a superblock's depth is greater than that of all it lies on.
#include <algorithm>

#include "plan/rings.hpp"
#include "plan/superblocks.hpp"

namespace vss::plan {
namespace {

// A process, another machine or nobody knows what answers for these, and may write to any
// filesystem here to do so: what lies on them freezes before all others.
bool served_elsewhere(const Superblock& superblock) {
  return superblock.type_class == TypeClass::kServed ||
         superblock.type_class == TypeClass::kRemote || superblock.type_class == TypeClass::kZfs ||
         superblock.unexplained;
}

void say_that_it_lies_on_itself(Superblock& superblock) {
  superblock.in_ring = true;
  if (superblock.action != Action::kFreeze) return;
  superblock.action = Action::kVeto;
  superblock.reason = Reason(
      "by the paths of its backing files it lies on itself: leave it out with `exclude`, or run "
      "where the files are seen");
}

}  // namespace

// A ring has one depth: it may be left out, and what lies on it still freezes before what it lies
// on.
void measure_depths(SuperblockSet& set) {
  auto& all = set.superblocks;
  const Groups groups = groups_bottom_up(all);
  std::size_t begin = 0;
  for (const std::size_t end : groups.ends) {
    const auto group = std::span(groups.members).subspan(begin, end - begin);
    begin = end;
    std::size_t depth = 0;
    for (const std::size_t i : group) {
      if (served_elsewhere(all[i])) depth = std::max(depth, all.size());
      for (const std::size_t below : all[i].lies_on)
        depth = std::max(depth, all[below].depth + 1);
    }
    for (const std::size_t i : group) {
      all[i].depth = depth;
      if (group.size() > 1) say_that_it_lies_on_itself(all[i]);
    }
  }
}

void order_by_mounting(SuperblockSet& set) {
  for (std::size_t i = 0; i < set.superblocks.size(); ++i)
    set.superblocks[i].depth = i;
}

}  // namespace vss::plan
