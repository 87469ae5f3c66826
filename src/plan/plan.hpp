// The plan: what happens to every mount of a table, why, and in which order filesystems freeze.
//
// Pure: mount table + facts about block devices + what is asked → plan. Nothing is opened, so a
// dead server cannot stall it. One superblock (DeviceNumber) is frozen once, through whichever of
// its mounts opens; its other mounts are covered. The rules stand in plan.cpp in the order in which
// they apply.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/fixed_text.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "plan/block_stack.hpp"
#include "plan/mount_table.hpp"

namespace vss::plan {

using Reason = base::FixedText<base::kReasonBytesMax>;

enum class Selection : std::uint8_t { kAll, kNone, kPaths };

// What becomes of a writable local filesystem that cannot be frozen. An EFI system partition and
// ZFS are synced under either policy.
enum class Unfreezable : std::uint8_t { kSync, kFail };

// A superblock that must not be frozen unless `allow_root`.
struct Forbidden {
  DeviceNumber device;
  std::string_view what;  // "/", "/ of process 1", "the runtime directory", …: stands in the reason
};

struct PlanRequest {
  Selection selection = Selection::kAll;
  std::span<const std::string_view> paths;    // kPaths: mount points
  std::span<const std::string_view> exclude;  // base/exclude_pattern.hpp; * matches /
  Unfreezable unfreezable = Unfreezable::kSync;
  bool require_filesystem = true;  // grade filesystem or better: what is only synced is a veto

  // The freezer's own; no request widens them.
  std::span<const Forbidden> forbidden;
  bool allow_root = false;
  std::span<const std::string_view> only;  // mount points; empty: no limit. Applied last, by number
};

enum class Action : std::uint8_t {
  kFreeze,
  kSync,     // cannot be frozen; flushed in PREPARE
  kCovered,  // another entry decides for the same data (bind mount, overlay's upper directory)
  kSkip,     // nothing to freeze: pseudo, remote, read-only, not persistent
  kExclude,  // by pattern, not selected, or outside --only
  kVeto,     // a snapshot of this plan would fail; the reason says why and what to do
};
std::string_view to_text(Action action);

// One mount; entries()[i] belongs to table.mounts()[i].
struct PlanEntry {
  DeviceNumber device;
  std::uint32_t mount_id = 0;
  std::uint32_t parent_id = 0;
  std::string_view mount_point;  // these view the table
  std::string_view root;
  std::string_view type;
  std::string_view source;
  Action action = Action::kSkip;
  std::int32_t layer = -1;  // kFreeze: 0 freezes first
  Reason reason;            // never empty
};

// One superblock to freeze or to sync.
struct PlannedFilesystem {
  DeviceNumber device;
  std::size_t entry = 0;        // the one that carries kFreeze or kSync
  std::size_t first_mount = 0;  // in Plan::mounts: every mount of it, likeliest to open first
  std::size_t mount_count = 0;
  bool lowers_grade = false;  // kSync only
};

// Counts superblocks; wire::FilesystemSummary has the same.
struct PlanSummary {
  std::uint32_t to_freeze = 0;
  std::uint32_t to_sync = 0;
  std::uint32_t excluded = 0;     // would have been frozen or synced
  std::uint32_t lower_grade = 0;  // synced, and it counts
  std::uint32_t vetoes = 0;
};

// Views the table it was made from, which must outlive it unchanged. Its memory stays for the next
// make_plan.
struct Plan {
  std::vector<PlanEntry> entries;
  std::vector<PlannedFilesystem> to_freeze;  // layer by layer; within one in reverse mount order
  std::vector<std::size_t> layer_ends;  // layer n is to_freeze[layer_ends[n-1] … layer_ends[n])
  // What lies on what, as far as the devices are known; each must thaw after what it lies on.
  struct Backing {
    std::size_t upper = 0;  // indices of to_freeze
    std::size_t lower = 0;
    friend bool operator==(Backing, Backing) = default;
  };
  std::vector<Backing> backings;
  std::vector<PlannedFilesystem> to_sync;
  std::vector<std::size_t> mounts;  // indices of entries
  std::vector<std::size_t> vetoes;  // indices of entries
  PlanSummary summary;

  std::size_t layer_count() const { return layer_ends.size(); }
  std::span<const PlannedFilesystem> layer(std::size_t n) const;
  // Indices of the entries to try to open as a directory, in this order.
  std::span<const std::size_t> mounts_of(const PlannedFilesystem& filesystem) const;
  // The first veto's mount point and reason, for an answer; empty without a veto.
  Reason first_veto() const;
};

// Makes `plan` anew. Fails (the plan is then empty) for what is wrong with the request itself: a
// path of `paths` or `only` that is no mount root, more than kFilesystemsMax filesystems. A veto is
// no failure: it stands in the plan. Takes some milliseconds for kMountsMax mounts. Allocates
// working memory in proportion to the table and gives it back; a second call for a table no larger
// than one before fits into what the first one left in the heap. Freeze-safe with a locked heap.
base::Status make_plan(const MountTable& table, const BlockStack& blocks,
                       const PlanRequest& request, Plan& plan);

// Nothing when both plans freeze the same superblocks and `again` has no veto that `before` had
// not; otherwise one sentence naming the first difference. For promise 1: planning again while
// held.
std::optional<Reason> difference(const Plan& before, const Plan& again);

}  // namespace vss::plan
