// The rules by which a block device is explained: what follows its parts, what is a disk, and what
// nobody can answer for.
#include "plan/block_chain.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "plan/superblocks.hpp"

namespace vss::plan {
namespace {

constexpr std::size_t kLevelsMax = 16;  // partitions on crypt on volumes on … of one filesystem
constexpr std::size_t kDescriptionBytesMax = 140;  // leaves room for the rest of a reason

bool is_memory_disk(const BlockDevice& device) {
  return device.name.starts_with("zram") || device.name.starts_with("ram");
}

bool is_numbered(std::string_view name, std::string_view prefix) {
  return name.size() > prefix.size() && name.starts_with(prefix) && name[prefix.size()] >= '0' &&
         name[prefix.size()] <= '9';
}

// A volume of a ZFS pool has no parts that /sys names.
bool is_zfs_volume(const BlockDevice& device) {
  return is_numbered(device.name, "zd");
}

// By any sign: one of its attributes may be unreadable.
bool is_mapped(const BlockDevice& device) {
  return !device.mapper_name.empty() || !device.mapper_uuid.empty() || device.suspended ||
         is_numbered(device.name, "dm-");
}

bool may_be_suspended(const BlockDevice& device) {
  return is_mapped(device) && device.suspended != false;
}

std::span<const DeviceNumber> parts_of(const BlockDevice& device) {
  if (device.partition_of) return {&*device.partition_of, 1};
  return device.slaves;
}

// What made a device-mapper device, by the beginning that it gave to the uuid.
std::string_view kind_of_mapping(std::string_view uuid) {
  static constexpr std::array kKinds = {
      std::pair{"LVM-", "LVM"},         std::pair{"CRYPT-LUKS", "LUKS"},
      std::pair{"CRYPT-", "crypt"},     std::pair{"mpath-", "multipath"},
      std::pair{"part", "partition"},   std::pair{"DMRAID-", "dmraid"},
      std::pair{"stratis-", "Stratis"},
  };
  for (const auto& [prefix, kind] : kKinds) {
    if (uuid.starts_with(prefix)) return kind;
  }
  return "device-mapper";
}

Reason name_of(const BlockDevice& device) {
  if (is_mapped(device)) {
    return Reason(kind_of_mapping(device.mapper_uuid)).append(" ").append(mapper_name_of(device));
  }
  Reason name(device.name);
  if (!device.array_level.empty()) name.append(" (").append(device.array_level).append(")");
  return name;
}

Reason kind_and_name_of(const BlockDevice& device) {
  if (is_mapped(device)) return Reason("device-mapper device ").append(mapper_name_of(device));
  if (!device.array_level.empty()) return Reason("md array ").append(device.name);
  if (device.name.starts_with("nbd")) return Reason("network block device ").append(device.name);
  return Reason("virtual block device ").append(device.name);
}

// Neither parts nor a parent device: somebody else serves it, and may do so from a filesystem here.
void served_problem(const BlockDevice& device, BlockLeaves& found) {
  found.problem = Reason("lies on ").append(kind_and_name_of(device));
  found.problem.append(is_mapped(device) || !device.array_level.empty()
                           ? ", and /sys does not say what that is made of"
                           : ", and nobody can tell whether what serves that would be frozen too");
}

// What the device itself is, apart from its parts.
void count(const BlockDevice& device, BlockLeaves& found) {
  if (may_be_suspended(device) && (found.suspended == nullptr || device.suspended == true)) {
    found.suspended = &device;
  }
  if (!parts_of(device).empty() || is_memory_disk(device)) return;
  if (device.loop) {
    found.loops.push_back(&device);
  } else if (is_zfs_volume(device)) {
    ++found.pool_volumes;
  } else if (device.hardware) {
    ++found.disks;
  }
}

}  // namespace

std::string_view mapper_name_of(const BlockDevice& device) {
  return device.mapper_name.empty() ? device.name : device.mapper_name;
}

Reason suspended_remedy(const BlockDevice& device) {
  if (!device.suspended) return Reason("leave it out with `exclude`");
  Reason remedy("`dmsetup resume ");
  if (device.mapper_name.empty()) {
    remedy.append("--major ")
        .append_number(device.device.major)
        .append(" --minor ")
        .append_number(device.device.minor);
  } else {
    remedy.append(device.mapper_name);
  }
  return remedy.append("`, or leave it out with `exclude`");
}

Reason why_suspended_is_refused(const BlockDevice& device) {
  return Reason("lies on device-mapper device ")
      .append(mapper_name_of(device))
      .append(device.suspended ? ", which is suspended, and a freeze would wait for it: "
                               : ", and /sys does not say whether that is suspended: ")
      .append(suspended_remedy(device));
}

BlockChain::BlockChain(const BlockStack& blocks) {
  by_number_.reserve(blocks.devices.size());
  for (const BlockDevice& device : blocks.devices)
    by_number_.emplace(key_of(device.device), &device);
}

const BlockDevice* BlockChain::find(DeviceNumber device) const {
  const auto found = by_number_.find(key_of(device));
  return found == by_number_.end() ? nullptr : found->second;
}

BlockLeaves BlockChain::leaves_of(std::span<const DeviceNumber> devices) const {
  BlockLeaves found;
  gather(devices, found);
  Visited visited;
  for (const DeviceNumber device : devices) {
    if (found.problem.empty()) walk(device, 0, visited, found);
  }
  return found;
}

void BlockChain::gather(std::span<const DeviceNumber> devices, BlockLeaves& found) const {
  std::unordered_set<std::uint64_t> seen;
  std::vector<DeviceNumber> left;
  const auto push = [&left](std::span<const DeviceNumber> all) {
    left.insert(left.end(), all.rbegin(), all.rend());
  };
  push(devices);
  while (!left.empty()) {
    const DeviceNumber number = left.back();
    left.pop_back();
    const BlockDevice* const device = find(number);
    if (device == nullptr || !seen.insert(key_of(number)).second) continue;
    count(*device, found);
    push(parts_of(*device));
  }
}

void BlockChain::walk(DeviceNumber number, std::size_t level, Visited& visited,
                      BlockLeaves& found) const {
  const BlockDevice* const device = find(number);
  if (device == nullptr) {
    found.problem = Reason("/sys says nothing about block device ").append(to_text(number));
    return;
  }
  const auto [visit, is_new] = visited.try_emplace(key_of(number), Visit::kOpen);
  if (!is_new && visit->second == Visit::kDone) return;
  if (!is_new) {
    found.problem = Reason("its block devices lie on each other in a ring, by way of ")
                        .append(name_of(*device));
  } else if (level == kLevelsMax) {
    found.problem = Reason("its block devices are stacked more than ")
                        .append_number(kLevelsMax)
                        .append(" deep, down to ")
                        .append(name_of(*device));
  } else {
    walk_device(*device, level, visited, found);
    visited[key_of(number)] = Visit::kDone;
  }
}

void BlockChain::walk_device(const BlockDevice& device, std::size_t level, Visited& visited,
                             BlockLeaves& found) const {
  if (may_be_suspended(device)) {
    found.remedied = true;
    found.problem = why_suspended_is_refused(device);
  } else if (is_mapped(device) && device.mapper_name.empty()) {
    found.problem =
        Reason("the name of device-mapper device ").append(device.name).append(" cannot be read");
    found.problem.append(" in /sys");
  } else if (!device.slaves_complete) {
    found.problem =
        Reason("a part of ").append(kind_and_name_of(device)).append(" cannot be read in /sys");
  } else if (!parts_of(device).empty()) {
    for (const DeviceNumber part : parts_of(device)) {
      if (found.problem.empty()) walk(part, level + 1, visited, found);
    }
  } else if (!device.loop && !device.hardware && !is_zfs_volume(device) &&
             !is_memory_disk(device)) {
    served_problem(device, found);
  }
}

Reason BlockChain::describe(std::span<const DeviceNumber> devices) const {
  Reason text;
  for (std::size_t i = 0; i < devices.size() && text.size() <= kDescriptionBytesMax; ++i) {
    if (i > 0) text.append(" + ");
    describe_one(devices[i], 0, text);
  }
  if (text.size() <= kDescriptionBytesMax) return text;
  return Reason(base::FixedText<kDescriptionBytesMax>(text.view())).append(" …");
}

void BlockChain::describe_one(DeviceNumber number, std::size_t level, Reason& to) const {
  const BlockDevice* const device = find(number);
  if (device == nullptr || level > kLevelsMax) return;
  to.append(name_of(*device));
  std::span<const DeviceNumber> below = device->slaves;
  if (device->partition_of) {
    // "sda1" says by itself whose partition it is; what its disk is made of, it does not.
    const BlockDevice* const whole = find(*device->partition_of);
    if (whole == nullptr || whole->slaves.empty()) return;
    below = {&*device->partition_of, 1};
  }
  for (std::size_t i = 0; i < below.size() && to.size() <= kDescriptionBytesMax; ++i) {
    to.append(i == 0 ? " on " : ", ");
    describe_one(below[i], level + 1, to);
  }
}

std::string_view BlockChain::plain_disk(DeviceNumber number) const {
  const BlockDevice* device = find(number);
  if (device != nullptr && device->partition_of) device = find(*device->partition_of);
  const bool plain = device != nullptr && !device->partition_of && !device->loop &&
                     device->slaves.empty() && !is_mapped(*device);
  return plain ? std::string_view(device->name) : std::string_view{};
}

}  // namespace vss::plan
