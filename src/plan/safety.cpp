// The freezer's own limits. Whatever was decided before, nothing gets past these.
#include <string>

#include "plan/superblocks.hpp"

namespace vss::plan {
namespace {

// Freezing what a filesystem lies on stops that filesystem too.
void mark_with_all_below(const SuperblockSet& set, std::size_t index, std::vector<bool>& marked) {
  std::vector<std::size_t> left = {index};
  while (!left.empty()) {
    const std::size_t at = left.back();
    left.pop_back();
    if (marked[at]) continue;
    marked[at] = true;
    const Superblock& superblock = set.superblocks[at];
    if (superblock.covered_by) left.push_back(*superblock.covered_by);
    left.insert(left.end(), superblock.lies_on.begin(), superblock.lies_on.end());
  }
}

void refuse(SuperblockSet& set, const std::vector<bool>& marked, const Forbidden& forbidden,
            std::string_view why) {
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    Superblock& superblock = set.superblocks[i];
    if (!marked[i] || superblock.action != Action::kFreeze) continue;
    superblock.action = Action::kVeto;
    superblock.lowers_grade = true;
    superblock.reason = Reason(why)
                            .append(forbidden.what)
                            .append(": needs --allow-root, or leave it out with `exclude`");
  }
}

void apply_forbidden(SuperblockSet& set, const PlanRequest& request) {
  if (request.allow_root) return;
  for (const Forbidden& forbidden : request.forbidden) {
    const auto holder = set.find(forbidden.device);
    if (!holder) continue;
    if (set.superblocks[*holder].upper_unknown) {
      refuse(set, std::vector<bool>(set.superblocks.size(), true), forbidden,
             "may hold the overlay's upper directory that stores ");
      continue;
    }
    std::vector<bool> marked(set.superblocks.size());
    mark_with_all_below(set, *holder, marked);
    refuse(set, marked, forbidden, "holds ");
  }
}

base::Status apply_only(SuperblockSet& set, std::span<const std::string_view> only) {
  if (only.empty()) return {};
  std::vector<bool> inside(set.superblocks.size());
  for (const std::string_view path : only) {
    const auto mount = set.paths.mount_at(path);
    if (!mount) return no_mount_root(path, "--only");
    inside[set.superblock_of[*mount]] = true;
  }
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    Superblock& superblock = set.superblocks[i];
    const bool acts = superblock.action == Action::kFreeze || superblock.action == Action::kSync ||
                      superblock.action == Action::kVeto;
    if (inside[i] || !acts) continue;
    superblock.action = Action::kExclude;
    superblock.reason = Reason("outside --only");
  }
  return {};
}

}  // namespace

base::Status apply_safety_rules(SuperblockSet& set, const PlanRequest& request) {
  apply_forbidden(set, request);
  return apply_only(set, request.only);
}

}  // namespace vss::plan
