// Vetoes for what is well itself and lies, by way of its file, on what is not.
#include <optional>

#include "plan/block_chain.hpp"
#include "plan/superblocks.hpp"

namespace vss::plan {
namespace {

// For each superblock the one of `sources` that it lies on, by way of whatever; the nearest.
std::vector<std::optional<std::size_t>> spread_upwards(const SuperblockSet& set,
                                                       const std::vector<std::size_t>& sources) {
  std::vector<std::vector<std::size_t>> above(set.superblocks.size());
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    for (const std::size_t below : set.superblocks[i].lies_on)
      above[below].push_back(i);
  }
  std::vector<std::optional<std::size_t>> source_of(set.superblocks.size());
  for (const std::size_t source : sources)
    source_of[source] = source;
  std::vector<std::size_t> reached = sources;
  for (std::size_t next = 0; next < reached.size(); ++next) {
    const auto source = source_of[reached[next]];
    for (const std::size_t i : above[reached[next]]) {
      if (source_of[i]) continue;
      source_of[i] = source;
      reached.push_back(i);
    }
  }
  return source_of;
}

void veto(Superblock& superblock, const Reason& reason) {
  superblock.action = Action::kVeto;
  superblock.lowers_grade = true;
  superblock.reason = reason;
}

}  // namespace

// Through all that a filesystem lies on, also what is left out.
void veto_above_suspended(SuperblockSet& set) {
  std::vector<std::size_t> sources;
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    if (set.superblocks[i].suspended != nullptr) sources.push_back(i);
  }
  if (sources.empty()) return;
  const auto source_of = spread_upwards(set, sources);
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    Superblock& superblock = set.superblocks[i];
    const bool acts = superblock.action == Action::kFreeze || superblock.action == Action::kSync;
    if (!acts || !source_of[i]) continue;
    const BlockDevice& device = *set.superblocks[*source_of[i]].suspended;
    veto(superblock, Reason("its file at ")
                         .append(set.mount_of(*source_of[i]).mount_point)
                         .append(device.suspended ? " lies on the suspended device "
                                                  : " lies on a perhaps suspended device, ")
                         .append(mapper_name_of(device))
                         .append(": ")
                         .append(suspended_remedy(device)));
  }
}

void veto_above_rings(SuperblockSet& set) {
  std::vector<std::size_t> sources;
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    const Superblock& superblock = set.superblocks[i];
    if (superblock.in_ring && superblock.action == Action::kVeto) sources.push_back(i);
  }
  if (sources.empty()) return;
  const auto source_of = spread_upwards(set, sources);
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    Superblock& superblock = set.superblocks[i];
    if (superblock.action != Action::kFreeze || !source_of[i]) continue;
    veto(superblock, Reason("its file lies on ")
                         .append(set.mount_of(*source_of[i]).mount_point)
                         .append(", which lies on itself: leave that out with `exclude`"));
  }
}

}  // namespace vss::plan
