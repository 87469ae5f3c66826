// From what lies on what to an order: a superblock's depth is greater than that of all it lies on.
#include <algorithm>

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

}  // namespace

// In topological order. What remains lies on itself over others.
void measure_depths(SuperblockSet& set) {
  auto& all = set.superblocks;
  std::vector<std::size_t> below_left(all.size());
  std::vector<std::vector<std::size_t>> above(all.size());
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].depth = served_elsewhere(all[i]) ? all.size() : 0;
    below_left[i] = all[i].lies_on.size();
    for (const std::size_t below : all[i].lies_on)
      above[below].push_back(i);
    if (below_left[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    const std::size_t below = ready.back();
    ready.pop_back();
    for (const std::size_t i : above[below]) {
      all[i].depth = std::max(all[i].depth, all[below].depth + 1);
      if (--below_left[i] == 0) ready.push_back(i);
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (below_left[i] == 0 || all[i].action != Action::kFreeze) continue;
    all[i].action = Action::kVeto;
    all[i].reason = Reason(
        "by the paths of its backing files it lies on itself: leave it out with "
        "`exclude`, or run where the files are seen");
  }
}

void order_by_mounting(SuperblockSet& set) {
  for (std::size_t i = 0; i < set.superblocks.size(); ++i)
    set.superblocks[i].depth = i;
}

// Through all that a filesystem lies on, also what is left out.
void veto_above_suspended(SuperblockSet& set) {
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    Superblock& superblock = set.superblocks[i];
    if (superblock.action != Action::kFreeze) continue;
    std::vector<bool> seen(set.superblocks.size());
    std::vector<std::size_t> left = superblock.lies_on;
    while (!left.empty() && superblock.action == Action::kFreeze) {
      const std::size_t below = left.back();
      left.pop_back();
      if (seen[below]) continue;
      seen[below] = true;
      const Superblock& lower = set.superblocks[below];
      left.insert(left.end(), lower.lies_on.begin(), lower.lies_on.end());
      if (lower.suspended == nullptr) continue;
      superblock.action = Action::kVeto;
      superblock.lowers_grade = true;
      superblock.reason = Reason("its file at ")
                              .append(set.mount_of(below).mount_point)
                              .append(" lies on the suspended device ")
                              .append(lower.suspended->mapper_name)
                              .append(": `dmsetup resume ")
                              .append(lower.suspended->mapper_name)
                              .append("`, or leave it out with `exclude`");
    }
  }
}

}  // namespace vss::plan
