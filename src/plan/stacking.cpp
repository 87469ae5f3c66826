// What a filesystem lies on: its block devices, and through loop devices other filesystems.
//
// FIFREEZE flushes. Where the flush of A ends in a file on B, freezing B first would make A's
// freeze wait for ever; so A's depth is greater than B's, and deeper freezes earlier. What cannot
// be explained is a veto, never a guess.
#include <algorithm>
#include <unordered_map>

#include "plan/superblocks.hpp"

namespace vss::plan {
namespace {

constexpr std::size_t kLevelsMax = 16;  // partitions on loop devices on … of one device

class Stacking {
 public:
  Stacking(SuperblockSet& set, const BlockStack& blocks) : set_(set), blocks_(blocks) {
    for (const BlockDevice& device : blocks.devices)
      by_number_.emplace(key_of(device.device), &device);
  }

  void explain(std::size_t index) {
    Superblock& superblock = set_.superblocks[index];
    const Mount& mount = set_.mount_of(index);
    if (const auto name = device_of_its_own_for(mount); !name.empty()) {
      veto(index, Reason("keeps its ")
                      .append(name)
                      .append(" on a device of its own, and this version does not follow that"));
      return;
    }
    if (!blocks_.sysfs_present) {
      superblock.reason =
          Reason(mount.type)
              .append(", one after the other: /sys is not there to tell what its device lies on");
      return;
    }
    if (superblock.device.major != 0) {
      explain_device(index, superblock.device);
      return;
    }
    const auto members =
        std::ranges::find(blocks_.members, superblock.device, &MemberDevices::filesystem);
    if (members == blocks_.members.end() || members->devices.empty()) {
      veto(index,
           Reason("its block devices cannot be found out from its source ").append(mount.source));
      return;
    }
    for (const DeviceNumber device : members->devices) {
      if (superblock.action == Action::kFreeze) explain_device(index, device);
    }
  }

 private:
  void veto(std::size_t index, const Reason& what) {
    Superblock& superblock = set_.superblocks[index];
    superblock.action = Action::kVeto;
    superblock.lowers_grade = true;
    superblock.reason = Reason(what).append(": leave it out with `exclude`");
  }

  // XFS: they may lie on a loop device whose file is on what would freeze first.
  static std::string_view device_of_its_own_for(const Mount& mount) {
    if (super_option(mount, "logdev")) return "log";
    if (super_option(mount, "rtdev")) return "realtime data";
    return {};
  }

  const BlockDevice* find(DeviceNumber device) const {
    const auto found = by_number_.find(key_of(device));
    return found == by_number_.end() ? nullptr : found->second;
  }

  void explain_device(std::size_t index, DeviceNumber number) {
    const BlockDevice* device = find(number);
    for (std::size_t levels = 0; device != nullptr && device->partition_of; ++levels) {
      if (levels == kLevelsMax) return veto(index, "its partitions are nested without end");
      number = *device->partition_of;
      device = find(number);
    }
    Superblock& superblock = set_.superblocks[index];
    const std::string_view type = set_.mount_of(index).type;
    if (device == nullptr) {
      veto(index, Reason("/sys says nothing about block device ").append(to_text(number)));
    } else if (device->loop) {
      explain_loop(index, *device);
    } else if (device->name.starts_with("zram") || device->name.starts_with("ram")) {
      superblock.action = Action::kSkip;
      superblock.reason = Reason("not persistent: on the memory disk ").append(device->name);
    } else if (!device->mapper_name.empty()) {
      veto(index, unexplained("device-mapper device ", device->mapper_name));
    } else if (!device->array_level.empty()) {
      veto(index, unexplained("md array ", device->name));
    } else if (!device->slaves.empty() || !device->hardware) {
      veto(index, unexplained("virtual block device ", device->name));
    } else if (superblock.lies_on.empty()) {
      superblock.reason = Reason(type).append(" on disk ").append(device->name);
    }
  }

  static Reason unexplained(std::string_view kind, std::string_view name) {
    return Reason("lies on ")
        .append(kind)
        .append(name)
        .append(", and this version cannot explain what that lies on");
  }

  void explain_loop(std::size_t index, const BlockDevice& device) {
    if (!device.backing_file || !device.backing_file->starts_with('/')) {
      veto(index, Reason("the backing file of ").append(device.name).append(" cannot be read"));
      return;
    }
    set_.superblocks[index].loop = &device;  // say_what_loops_lie_on() completes the reason
    // A superblock's number is the truth; a path may be another mount namespace's.
    const auto holder = device.backing ? set_.find(device.backing->filesystem) : std::nullopt;
    if (holder && *holder != index) {
      lies_on_superblock(index, *holder);
      return;
    }
    if (!holder && device.backing && elsewhere(device)) return;
    // The kernel's " (deleted)" behind a name changes nothing about the directories before it.
    const std::string& path = *device.backing_file;
    lies_on(index, set_.paths.mount_of_path(path));
    // A file that was opened before another mount hid its place still lies below that.
    lies_on(index, set_.paths.longest_mount_of_path(path));
  }

  // On no filesystem of this table: the table does not know the number of a filesystem that has a
  // device of its own, or the path names another file here. (Major 0 may be a subvolume of btrfs.)
  static bool elsewhere(const BlockDevice& device) {
    return device.backing->filesystem.major != 0 ||
           (device.at_path && *device.at_path != *device.backing);
  }

  // A filesystem cannot lie on itself: a path that leads back to it belongs to another mount
  // namespace.
  void lies_on(std::size_t index, std::optional<std::size_t> mount) {
    if (!mount) return;
    lies_on_superblock(index, set_.superblock_of[*mount]);
  }

  void lies_on_superblock(std::size_t index, std::size_t below) {
    below = set_.superblocks[below].covered_by.value_or(below);
    auto& all = set_.superblocks[index].lies_on;
    if (below != index && std::ranges::find(all, below) == all.end()) all.push_back(below);
  }

  SuperblockSet& set_;
  const BlockStack& blocks_;
  std::unordered_map<std::uint64_t, const BlockDevice*> by_number_;
};

// A process or another machine answers for these, and may write to any filesystem here to do so.
bool served_elsewhere(const Superblock& superblock) {
  return superblock.type_class == TypeClass::kServed || superblock.type_class == TypeClass::kRemote;
}

// Depths in topological order. What remains lies on itself over others.
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

// Nothing is known about devices: one by one, what was mounted last first.
void order_by_mounting(SuperblockSet& set) {
  for (std::size_t i = 0; i < set.superblocks.size(); ++i)
    set.superblocks[i].depth = i;
}

}  // namespace

void apply_stacking_rules(SuperblockSet& set, const BlockStack& blocks) {
  Stacking stacking(set, blocks);
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    if (set.superblocks[i].action == Action::kFreeze) stacking.explain(i);
  }
  if (blocks.sysfs_present) {
    measure_depths(set);
  } else {
    order_by_mounting(set);
  }
}

void say_what_loops_lie_on(SuperblockSet& set) {
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    Superblock& superblock = set.superblocks[i];
    if (superblock.loop == nullptr || superblock.action != Action::kFreeze) continue;
    const std::string_view file = *superblock.loop->backing_file;
    superblock.reason = Reason(set.mount_of(i).type).append(" on ").append(superblock.loop->name);
    const auto frozen = std::ranges::find_if(superblock.lies_on, [&](std::size_t below) {
      return set.superblocks[below].action == Action::kFreeze;
    });
    if (frozen != superblock.lies_on.end()) {
      superblock.reason.append(", frozen before ").append(set.mount_of(*frozen).mount_point);
      superblock.reason.append(", which holds its backing file ").append(file);
    } else if (!superblock.lies_on.empty()) {
      superblock.reason.append(", counts as a disk: nothing is frozen at ");
      superblock.reason.append(set.mount_of(superblock.lies_on.front()).mount_point);
      superblock.reason.append(", which holds its backing file ").append(file);
    } else {
      superblock.reason.append(
          ", counts as a disk: no filesystem of this table holds its backing file ");
      superblock.reason.append(file);
    }
  }
}

std::vector<DeviceQuery> devices_to_look_up(const MountTable& table) {
  SuperblockSet set(table);
  apply_type_rules(set, Unfreezable::kSync);
  std::vector<DeviceQuery> queries;
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    if (set.superblocks[i].action != Action::kFreeze) continue;
    const Mount& mount = set.mount_of(i);
    queries.push_back({mount.device, mount.type, mount.source, mount.device.major == 0});
  }
  return queries;
}

}  // namespace vss::plan
