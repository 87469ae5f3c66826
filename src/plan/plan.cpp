#include "plan/plan.hpp"

#include <algorithm>
#include <limits>
#include <ranges>
#include <string>

#include "plan/superblocks.hpp"

namespace vss::plan {
namespace {

// The mounts of one superblock, likeliest to open as a directory first: visible before hidden, the
// filesystem's own root (always a directory) before a part of it (perhaps a bind-mounted file).
void order_for_opening(const SuperblockSet& set, std::span<std::size_t> mounts) {
  const auto all = set.table.mounts();
  const auto rank = [&](std::size_t i) {
    const bool visible = set.paths.mount_at(all[i].mount_point) == i;
    return (visible ? 0 : 2) + (all[i].root == "/" ? 0 : 1);
  };
  std::vector<std::pair<int, std::size_t>> ranked;
  ranked.reserve(mounts.size());
  for (const std::size_t i : mounts)
    ranked.emplace_back(rank(i), i);
  std::ranges::sort(ranked);
  std::ranges::copy(ranked | std::views::values, mounts.begin());
}

void write_entries(const SuperblockSet& set, Plan& plan) {
  plan.entries.reserve(set.table.mounts().size());
  for (std::size_t i = 0; i < set.table.mounts().size(); ++i) {
    const Mount& mount = set.table.mounts()[i];
    const Superblock& superblock = set.superblocks[set.superblock_of[i]];
    PlanEntry& entry = plan.entries.emplace_back();
    entry.device = mount.device;
    entry.mount_id = mount.id;
    entry.parent_id = mount.parent_id;
    entry.mount_point = mount.mount_point;
    entry.root = mount.root;
    entry.type = mount.type;
    entry.source = mount.source;
    entry.action = superblock.action;
    entry.reason = superblock.reason;
  }
}

// One mount of the superblock keeps its action, the others are covered by it.
PlannedFilesystem choose_mount(const SuperblockSet& set, std::size_t index, Plan& plan) {
  const Superblock& superblock = set.superblocks[index];
  const auto mounts =
      std::span(plan.mounts).subspan(superblock.first_mount, superblock.mount_count);
  order_for_opening(set, mounts);
  const PlanEntry& chosen = plan.entries[mounts.front()];
  for (const std::size_t other : mounts.subspan(1)) {
    plan.entries[other].action = Action::kCovered;
    plan.entries[other].reason = Reason("same filesystem as ").append(chosen.mount_point);
  }
  return {superblock.device, mounts.front(), superblock.first_mount, superblock.mount_count,
          superblock.lowers_grade};
}

// Deepest first; within one depth in reverse mount order.
void write_layers(const SuperblockSet& set, std::vector<std::size_t>& frozen, Plan& plan) {
  std::ranges::sort(frozen, [&](std::size_t a, std::size_t b) {
    const auto key = [&](std::size_t i) { return std::pair(set.superblocks[i].depth, i); };
    return key(a) > key(b);
  });
  for (std::size_t n = 0; n < frozen.size(); ++n) {
    const bool deeper =
        n > 0 && set.superblocks[frozen[n]].depth != set.superblocks[frozen[n - 1]].depth;
    if (deeper) plan.layer_ends.push_back(n);
    PlannedFilesystem planned = choose_mount(set, frozen[n], plan);
    plan.entries[planned.entry].layer = static_cast<std::int32_t>(plan.layer_ends.size());
    plan.to_freeze.push_back(planned);
  }
  if (!frozen.empty()) plan.layer_ends.push_back(frozen.size());
}

// Also through filesystems that are not frozen: what is written to them ends in the same files.
void write_backings(const SuperblockSet& set, std::span<const std::size_t> frozen, Plan& plan) {
  constexpr std::size_t kNotFrozen = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> place(set.superblocks.size(), kNotFrozen);
  for (std::size_t n = 0; n < frozen.size(); ++n)
    place[frozen[n]] = n;
  for (std::size_t n = 0; n < frozen.size(); ++n) {
    std::vector<std::size_t> left = set.superblocks[frozen[n]].lies_on;
    std::vector<bool> seen(set.superblocks.size());
    while (!left.empty()) {
      const std::size_t below = left.back();
      left.pop_back();
      if (seen[below]) continue;
      seen[below] = true;
      if (place[below] != kNotFrozen) {
        plan.backings.push_back({n, place[below]});
      } else {
        const auto& further = set.superblocks[below].lies_on;
        left.insert(left.end(), further.begin(), further.end());
      }
    }
  }
}

void write_plan(const SuperblockSet& set, Plan& plan) {
  plan.mounts.assign(set.mounts.begin(), set.mounts.end());
  write_entries(set, plan);
  std::vector<std::size_t> frozen;
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    const Superblock& superblock = set.superblocks[i];
    if (superblock.action == Action::kFreeze) frozen.push_back(i);
    if (superblock.action == Action::kSync) plan.to_sync.push_back(choose_mount(set, i, plan));
    if (superblock.action == Action::kVeto) {
      plan.vetoes.push_back(choose_mount(set, i, plan).entry);
    }
    if (superblock.action == Action::kExclude && !superblock.covered_by) ++plan.summary.excluded;
  }
  write_layers(set, frozen, plan);
  write_backings(set, frozen, plan);
  for (std::size_t i = 0; i < plan.entries.size(); ++i) {
    const std::string_view seen_in = set.table.mounts()[i].seen_in;
    if (!seen_in.empty())
      plan.entries[i].reason.append(", in the mount namespace of ").append(seen_in);
  }
  plan.summary.to_freeze = static_cast<std::uint32_t>(plan.to_freeze.size());
  plan.summary.to_sync = static_cast<std::uint32_t>(plan.to_sync.size());
  plan.summary.vetoes = static_cast<std::uint32_t>(plan.vetoes.size());
  plan.summary.lower_grade = static_cast<std::uint32_t>(
      std::ranges::count(plan.to_sync, true, &PlannedFilesystem::lowers_grade));
}

void clear(Plan& plan) {
  plan.entries.clear();
  plan.to_freeze.clear();
  plan.layer_ends.clear();
  plan.backings.clear();
  plan.to_sync.clear();
  plan.mounts.clear();
  plan.vetoes.clear();
  plan.summary = {};
}

// The first device of `these` that is not among `those`.
template <typename Devices>
std::optional<std::size_t> first_missing(const Devices& these, const Devices& those) {
  for (std::size_t i = 0; i < these.size(); ++i) {
    if (std::ranges::find(those, these[i]) == those.end()) return i;
  }
  return std::nullopt;
}

std::vector<DeviceNumber> frozen_devices(const Plan& plan) {
  std::vector<DeviceNumber> devices;
  devices.reserve(plan.to_freeze.size());
  for (const PlannedFilesystem& planned : plan.to_freeze)
    devices.push_back(planned.device);
  return devices;
}

std::vector<DeviceNumber> vetoed_devices(const Plan& plan) {
  std::vector<DeviceNumber> devices;
  devices.reserve(plan.vetoes.size());
  for (const std::size_t entry : plan.vetoes)
    devices.push_back(plan.entries[entry].device);
  return devices;
}

}  // namespace

std::string_view to_text(Action action) {
  switch (action) {
    case Action::kFreeze: return "freeze";
    case Action::kSync: return "sync";
    case Action::kCovered: return "covered";
    case Action::kSkip: return "skip";
    case Action::kExclude: return "exclude";
    case Action::kVeto: return "veto";
  }
  return "unknown";
}

std::span<const PlannedFilesystem> Plan::layer(std::size_t n) const {
  const std::size_t begin = n == 0 ? 0 : layer_ends[n - 1];
  return std::span(to_freeze).subspan(begin, layer_ends[n] - begin);
}

std::span<const std::size_t> Plan::mounts_of(const PlannedFilesystem& filesystem) const {
  return std::span(mounts).subspan(filesystem.first_mount, filesystem.mount_count);
}

Reason Plan::first_veto() const {
  if (vetoes.empty()) return {};
  const PlanEntry& entry = entries[vetoes.front()];
  return Reason(entry.mount_point).append(": ").append(entry.reason);
}

base::Status make_plan(const MountTable& table, const BlockStack& blocks,
                       const PlanRequest& request, Plan& plan) {
  clear(plan);
  SuperblockSet set(table);
  apply_type_rules(set, request.unfreezable);
  find_upper_directories(set);
  apply_stacking_rules(set, blocks);
  if (auto status = apply_scope_rules(set, blocks, request); !status) return status;
  if (auto status = apply_safety_rules(set, request); !status) return status;
  veto_above_rings(set);
  apply_cover_rules(set);
  say_what_loops_lie_on(set);

  const auto count = std::ranges::count(set.superblocks, Action::kFreeze, &Superblock::action);
  if (static_cast<std::size_t>(count) > base::kFilesystemsMax) {
    return base::fail(std::to_string(count) + " filesystems would be frozen, and at most " +
                      std::to_string(base::kFilesystemsMax) +
                      " can be: leave some out with `exclude`");
  }
  write_plan(set, plan);
  return {};
}

std::optional<Reason> difference(const Plan& before, const Plan& again) {
  const auto old_set = frozen_devices(before);
  const auto new_set = frozen_devices(again);
  if (const auto i = first_missing(new_set, old_set)) {
    return Reason(again.entries[again.to_freeze[*i].entry].mount_point)
        .append(" was mounted meanwhile and is not frozen");
  }
  if (const auto i = first_missing(old_set, new_set)) {
    return Reason(before.entries[before.to_freeze[*i].entry].mount_point)
        .append(" would no longer be frozen: it was unmounted or changed meanwhile");
  }
  if (const auto i = first_missing(vetoed_devices(again), vetoed_devices(before))) {
    const PlanEntry& entry = again.entries[again.vetoes[*i]];
    return Reason(entry.mount_point).append(" came meanwhile and was not planned for");
  }
  return std::nullopt;
}

}  // namespace vss::plan
