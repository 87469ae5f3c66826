// The planner's working state: one Superblock for each device number of the table. Internal to
// plan/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plan/block_stack.hpp"
#include "plan/filesystem_types.hpp"
#include "plan/mount_point_index.hpp"
#include "plan/mount_table.hpp"
#include "plan/plan.hpp"

namespace vss::plan {

inline std::uint64_t key_of(DeviceNumber device) {
  return std::uint64_t{device.major} << 32U | device.minor;
}

// A loop device that a filesystem lies on, and the superblocks that may hold its file.
struct LoopPlace {
  const BlockDevice* loop = nullptr;
  std::vector<std::size_t> below;
  bool unknown = false;  // perhaps on none of those, but on a filesystem that nobody knows here
};

struct Superblock {
  DeviceNumber device;
  std::size_t first_mount = 0;  // in SuperblockSet::mounts
  std::size_t mount_count = 0;
  TypeClass type_class{};

  Action action = Action::kSkip;
  Reason reason;
  bool lowers_grade = false;

  std::vector<LoopPlace> loops;
  bool unexplained = false;                // it may lie on any other, for all that is known
  const BlockDevice* suspended = nullptr;  // device-mapper, somewhere below it; not known to run
  bool in_ring = false;                    // lies on itself, by way of others
  // Others whose freeze would block this one's writes; indices.
  std::vector<std::size_t> lies_on;
  std::optional<std::size_t> covered_by;  // overlay: the superblock of its upper directory
  bool upper_unknown = false;             // overlay: persistent, but nobody knows where
  std::size_t depth = 0;                  // above all it lies on; the deepest freezes last
};

// XFS: log and realtime data may lie elsewhere than the rest.
struct DeviceOption {
  const char* name;
  const char* what;
};
inline constexpr std::array kDeviceOptions = {DeviceOption{"logdev", "log"},
                                              DeviceOption{"rtdev", "realtime data"}};

struct SuperblockSet {
  explicit SuperblockSet(const MountTable& table);

  const Mount& mount_of(std::size_t superblock) const;  // the first in the table
  std::span<const std::size_t> mounts_of(std::size_t superblock) const;
  std::optional<std::size_t> find(DeviceNumber device) const;

  const MountTable& table;
  MountPointIndex paths;
  std::vector<Superblock> superblocks;     // in the order of their first mounts
  std::vector<std::size_t> mounts;         // indices of mounts, superblock by superblock
  std::vector<std::size_t> superblock_of;  // by index of mount
};

// --- the rules, in the order in which make_plan applies them ---

// type_rules.cpp: what type and flags decide.
void apply_type_rules(SuperblockSet& set, Unfreezable policy);

// overlay.cpp: finds the superblock that holds each overlay's upper directory.
void find_upper_directories(SuperblockSet& set);

// stacking.cpp: for what would be frozen, which others it lies on, or a veto where that is unknown.
// Sets `depth` of all.
void apply_stacking_rules(SuperblockSet& set, const BlockStack& blocks);

// depths.cpp: sets `depth` and `in_ring` of all; a veto for what lies on itself over others.
void measure_depths(SuperblockSet& set);
// The same where nothing is known about devices: one by one, what was mounted last first.
void order_by_mounting(SuperblockSet& set);

// trouble_below.cpp: a veto for what lies on a suspended device by way of its file: a freeze of it,
// or a flush, would write into that.
void veto_above_suspended(SuperblockSet& set);
// A veto for what lies on one that lies on itself, unless that is left out. Last of all vetoes.
void veto_above_rings(SuperblockSet& set);

// "PATH (named by WHO) is no mount root …".
std::unexpected<base::Error> no_mount_root(std::string_view path, std::string_view who);

// scope.cpp: exclude patterns and selection, then what `require` asks of the rest.
base::Status apply_scope_rules(SuperblockSet& set, const BlockStack& blocks,
                               const PlanRequest& request);

// safety.cpp: the freezer's own limits, `only` last of all.
base::Status apply_safety_rules(SuperblockSet& set, const PlanRequest& request);

// overlay.cpp: an overlay goes the way of what holds its upper directory.
void apply_cover_rules(SuperblockSet& set);

// stacking.cpp: what is known only now that all actions are.
void say_what_loops_lie_on(SuperblockSet& set);

}  // namespace vss::plan
