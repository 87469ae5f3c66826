// What a filesystem lies on: its block devices, and through loop devices other filesystems.
//
// FIFREEZE flushes. Where the flush of A ends in a file on B, freezing B first would make A's
// freeze wait for ever; so A's depth is greater than B's, and deeper freezes earlier. What cannot
// be explained is a veto, never a guess.
#include <algorithm>

#include "plan/block_chain.hpp"
#include "plan/superblocks.hpp"

namespace vss::plan {
namespace {

class Stacking {
 public:
  Stacking(SuperblockSet& set, const BlockStack& blocks)
      : set_(set), blocks_(blocks), chain_(blocks) {}

  // Of what would be frozen: its reason, or a veto.
  void explain(std::size_t index) {
    Superblock& superblock = set_.superblocks[index];
    if (!blocks_.sysfs_present) return explain_without_sysfs(index);
    std::vector<DeviceNumber> devices = devices_of(index);
    if (devices.empty()) {
      return veto(index, Reason("its block devices cannot be found out from its source ")
                             .append(set_.mount_of(index).source));
    }
    superblock.reason = on_devices(index, devices);
    const bool all_found = find_named_devices(index, devices);
    const BlockLeaves leaves = chain_.leaves_of(devices);
    const Reason lost = follow(index, leaves);  // also below what is refused: it may store others
    if (!all_found) return;
    if (!leaves.problem.empty()) return veto(index, leaves.problem, leaves.remedied);
    if (!lost.empty()) return veto(index, lost);
    if (leaves.disks == 0 && leaves.pool_volumes == 0 && leaves.loops.empty()) {
      superblock.action = Action::kSkip;
      superblock.reason =
          Reason("not persistent: on the memory disk ").append(chain_.describe(devices));
    } else if (leaves.pool_volumes > 0) {
      superblock.reason.append(", frozen before all others: its ZFS pool may lie on any of them");
    }
  }

  // Of what is only synced, but may hold the files of others.
  void trace(std::size_t index) {
    const std::vector<DeviceNumber> devices = devices_of(index);
    const BlockLeaves leaves = chain_.leaves_of(devices);
    Superblock& superblock = set_.superblocks[index];
    const bool lost = !follow(index, leaves).empty();
    if (devices.empty() || !leaves.problem.empty() || lost) superblock.unexplained = true;
    if (leaves.suspended != nullptr) {
      veto(index, why_suspended_is_refused(*leaves.suspended), true);
    }
  }

 private:
  void veto(std::size_t index, const Reason& what, bool remedied = false) {
    Superblock& superblock = set_.superblocks[index];
    superblock.action = Action::kVeto;
    superblock.lowers_grade = true;
    superblock.unexplained = true;
    superblock.reason = what;
    if (!remedied) superblock.reason.append(": leave it out with `exclude`");
  }

  void explain_without_sysfs(std::size_t index) {
    for (const DeviceOption& option : kDeviceOptions) {
      if (const auto path = super_option(set_.mount_of(index), option.name)) {
        return not_found(index, option, *path);
      }
    }
    set_.superblocks[index].reason =
        Reason(set_.mount_of(index).type)
            .append(", one after the other: /sys is not there to tell what its device lies on");
  }

  void not_found(std::size_t index, const DeviceOption& option, const OptionValue& path) {
    veto(index, Reason("keeps its ")
                    .append(option.what)
                    .append(" on a device of its own, ")
                    .append(path)
                    .append(", and that cannot be found"));
  }

  // Of the filesystem's own data: one device, or those of a btrfs or bcachefs. None: not known.
  std::vector<DeviceNumber> devices_of(std::size_t index) const {
    const DeviceNumber own = set_.superblocks[index].device;
    if (own.major != 0) return {own};
    const auto members = std::ranges::find(blocks_.members, own, &MemberDevices::filesystem);
    return members == blocks_.members.end() ? std::vector<DeviceNumber>{} : members->devices;
  }

  // Those that options name besides; the reason names them too. False: not all of them.
  bool find_named_devices(std::size_t index, std::vector<DeviceNumber>& devices) {
    bool all_found = true;
    for (const DeviceOption& option : kDeviceOptions) {
      const auto path = super_option(set_.mount_of(index), option.name);
      if (!path) continue;
      const auto named = std::ranges::find(blocks_.named, path->view(), &NamedDevice::path);
      if (named == blocks_.named.end()) {
        not_found(index, option, *path);
        all_found = false;
        continue;
      }
      devices.push_back(named->device);
      if (!all_found) continue;
      set_.superblocks[index]
          .reason.append(", ")
          .append(option.what)
          .append(" on ")
          .append(chain_.describe({&named->device, 1}));
    }
    return all_found;
  }

  Reason on_devices(std::size_t index, const std::vector<DeviceNumber>& devices) const {
    Reason reason(set_.mount_of(index).type);
    const std::string_view disk =
        devices.size() == 1 ? chain_.plain_disk(devices.front()) : std::string_view{};
    if (!disk.empty()) return reason.append(" on disk ").append(disk);
    return reason.append(" on ").append(chain_.describe(devices));
  }

  // Notes what is known of the ways down. Returns why one of them is lost, empty: none is.
  Reason follow(std::size_t index, const BlockLeaves& leaves) {
    Superblock& superblock = set_.superblocks[index];
    superblock.suspended = leaves.suspended;
    if (leaves.pool_volumes > 0) superblock.unexplained = true;
    Reason lost;
    for (const BlockDevice* const loop : leaves.loops) {
      if (!loop->backing_file || !loop->backing_file->starts_with('/')) {
        lost = Reason("the backing file of ").append(loop->name).append(" cannot be read");
      } else if (may_be_device(*loop)) {
        lost = Reason(loop->name).append(" lies on ").append(*loop->backing_file);
        lost.append(", and no such device can be found");
      } else {
        follow_file(index, *loop);
      }
    }
    return lost;
  }

  // Named like a device, but none that was found. A file in memory is often kept at /dev/shm.
  bool may_be_device(const BlockDevice& loop) const {
    if (loop.backing || !loop.backing_file->starts_with("/dev/")) return false;
    const auto mount = set_.paths.mount_of_path(*loop.backing_file);
    return !mount || !set_.table.mounts()[*mount].mount_point.starts_with("/dev/");
  }

  // say_what_loops_lie_on() completes the reason.
  void follow_file(std::size_t index, const BlockDevice& device) {
    LoopPlace& place = set_.superblocks[index].loops.emplace_back();
    place.loop = &device;
    // A superblock's number is the truth; a path may be another mount namespace's.
    const auto holder = device.backing ? set_.find(device.backing->filesystem) : std::nullopt;
    if (holder && *holder != index) return lies_on(index, *holder, place);
    const bool by_path = holder || !device.backing || !elsewhere(device);
    if (by_path) follow_path(index, *device.backing_file, place);
    if (holder || !device.backing || device.backing->filesystem.major != 0) return;
    place.unknown = !by_path || !confirmed_by_path(device, place);
    if (place.unknown) set_.superblocks[index].unexplained = true;
  }

  // The kernel's " (deleted)" behind a name changes nothing about the directories before it. A file
  // that was opened before another mount hid its place still lies below that.
  void follow_path(std::size_t index, const std::string& path, LoopPlace& place) {
    for (const auto mount :
         {set_.paths.mount_of_path(path), set_.paths.longest_mount_of_path(path)}) {
      if (mount) lies_on(index, set_.superblock_of[*mount], place);
    }
  }

  // On no filesystem of this table: the table does not know the number of a filesystem that has a
  // device of its own, or the path names another file here. (Major 0 may be a subvolume of btrfs.)
  static bool elsewhere(const BlockDevice& device) {
    return device.backing->filesystem.major != 0 ||
           (device.at_path && *device.at_path != *device.backing);
  }

  // A number that is in no table: of a subvolume where the path leads, or of a filesystem that a
  // process or another machine may serve.
  bool confirmed_by_path(const BlockDevice& device, const LoopPlace& place) const {
    return device.at_path == device.backing ||
           std::ranges::any_of(place.below, [&](std::size_t below) {
             const Superblock& superblock = set_.superblocks[below];
             return superblock.device.major == 0 && superblock.type_class == TypeClass::kFreezable;
           });
  }

  // A filesystem cannot lie on itself: a path that leads back to it belongs to another mount
  // namespace.
  void lies_on(std::size_t index, std::size_t below, LoopPlace& place) {
    below = set_.superblocks[below].covered_by.value_or(below);
    if (below == index) return;
    add_once(place.below, below);
    add_once(set_.superblocks[index].lies_on, below);
  }

  static void add_once(std::vector<std::size_t>& all, std::size_t one) {
    if (std::ranges::find(all, one) == all.end()) all.push_back(one);
  }

  SuperblockSet& set_;
  const BlockStack& blocks_;
  const BlockChain chain_;
};

}  // namespace

void apply_stacking_rules(SuperblockSet& set, const BlockStack& blocks) {
  Stacking stacking(set, blocks);
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    if (set.superblocks[i].action == Action::kFreeze) stacking.explain(i);
    if (set.superblocks[i].action == Action::kSync) stacking.trace(i);
  }
  if (blocks.sysfs_present) {
    measure_depths(set);
    veto_above_suspended(set);
  } else {
    order_by_mounting(set);
  }
}

namespace {

// Which of its files decides the order: one on a filesystem that is frozen, if there is any.
struct Deciding {
  const LoopPlace* place = nullptr;
  std::optional<std::size_t> below = std::nullopt;
  bool frozen = false;
};
Deciding deciding_file(const SuperblockSet& set, const Superblock& superblock) {
  for (const LoopPlace& place : superblock.loops) {
    for (const std::size_t below : place.below) {
      if (set.superblocks[below].action == Action::kFreeze) return {&place, below, true};
    }
  }
  const LoopPlace& first = superblock.loops.front();
  if (first.below.empty()) return {.place = &first};
  return {.place = &first, .below = first.below.front()};
}

}  // namespace

void say_what_loops_lie_on(SuperblockSet& set) {
  for (Superblock& superblock : set.superblocks) {
    if (superblock.loops.empty() || superblock.action != Action::kFreeze) continue;
    const Deciding deciding = deciding_file(set, superblock);
    const bool several = superblock.loops.size() > 1;
    const std::string_view holds =
        several ? ", which holds a backing file " : ", which holds its backing file ";
    if (deciding.place->unknown && !deciding.frozen) {
      superblock.reason.append(
          ", frozen before all others: nobody can tell what holds its backing file ");
    } else if (!deciding.below) {
      superblock.reason.append(
          ", counts as a disk: no filesystem of this table holds its backing file ");
    } else {
      superblock.reason
          .append(deciding.frozen ? ", frozen before "
                                  : ", counts as a disk: nothing is frozen at ")
          .append(set.mount_of(*deciding.below).mount_point)
          .append(holds);
    }
    superblock.reason.append(*deciding.place->loop->backing_file);
  }
}

}  // namespace vss::plan
