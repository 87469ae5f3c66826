#include "freezer/block_lookup.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "platform/block_graph.hpp"
#include "platform/device_names.hpp"

namespace vss::freezer {
namespace {

plan::DeviceNumber number(platform::BlockNumber from) {
  return {from.major, from.minor};
}

std::optional<plan::DeviceNumber> number(const std::optional<platform::BlockNumber>& from) {
  if (!from) return std::nullopt;
  return number(*from);
}

plan::BlockDevice device_of(platform::BlockDeviceFacts&& facts) {
  plan::BlockDevice device;
  device.device = number(facts.device);
  device.name = std::move(facts.name);
  device.hardware = facts.hardware;
  device.partition_of = number(facts.partition_of);
  device.loop = facts.loop;
  device.backing_file = std::move(facts.backing_file);
  device.mapper_name = std::move(facts.mapper_name);
  device.mapper_uuid = std::move(facts.mapper_uuid);
  device.suspended = facts.suspended;
  device.array_level = std::move(facts.array_level);
  device.slaves_complete = facts.slaves_complete;
  for (const platform::BlockNumber slave : facts.slaves)
    device.slaves.push_back(number(slave));
  return device;
}

class Lookup {
 public:
  explicit Lookup(const BlockPlaces& places)
      : places_(places), names_({places.sysfs, places.dev, places.recording}) {}

  void look_up(const plan::DeviceQuery& query) {
    if (query.by_source) {
      plan::MemberDevices& members = stack_.members.emplace_back();
      members.filesystem = query.filesystem;
      for (const auto member : names_.members(query.type, query.source)) {
        members.devices.push_back(number(member));
        read(member);
      }
    } else {
      read({query.filesystem.major, query.filesystem.minor});
    }
    for (const std::string& path : query.paths) {
      const auto found = names_.device(path);
      if (!found) continue;
      stack_.named.push_back({path, number(*found)});
      read(*found);
    }
  }

  void read(platform::BlockNumber device) {
    platform::read_block_stack(places_.sysfs, device, facts_);
  }

  // Of all that was read. A loop device may lie on a device in place of a file, and so may that.
  std::vector<plan::BlockDevice> devices() {
    for (std::size_t i = 0; i < facts_.size(); ++i) {
      if (!facts_[i].loop || !facts_[i].backing_file) continue;
      const auto below = names_.device(*facts_[i].backing_file);
      if (!below) continue;
      facts_[i].slaves = {*below};
      read(*below);
    }
    std::vector<plan::BlockDevice> result;
    for (platform::BlockDeviceFacts& fact : facts_)
      result.push_back(device_of(std::move(fact)));
    return result;
  }

  plan::BlockStack result() && {
    stack_.devices = devices();
    for (platform::BlockLabel& label : platform::read_labels(places_.sysfs, places_.labels))
      stack_.labels.push_back({number(label.device), std::move(label.label)});
    stack_.sysfs_present = true;
    return std::move(stack_);
  }

 private:
  const BlockPlaces& places_;
  platform::DeviceNames names_;
  std::vector<platform::BlockDeviceFacts> facts_;
  plan::BlockStack stack_;
};

}  // namespace

plan::BlockStack look_up_devices(const plan::MountTable& table, const BlockPlaces& places) {
  if (!platform::block_devices_visible(places.sysfs)) return {};
  Lookup lookup(places);
  for (const plan::DeviceQuery& query : plan::devices_to_look_up(table))
    lookup.look_up(query);
  return std::move(lookup).result();
}

void look_up_missing_parts(plan::BlockStack& blocks, const BlockPlaces& places) {
  const auto known = [&](plan::DeviceNumber device) {
    return std::ranges::find(blocks.devices, device, &plan::BlockDevice::device) !=
           blocks.devices.end();
  };
  Lookup lookup(places);
  for (const plan::BlockDevice& device : blocks.devices) {
    for (const plan::DeviceNumber part : device.slaves) {
      if (!known(part)) lookup.read({part.major, part.minor});
    }
  }
  for (plan::BlockDevice& device : lookup.devices()) {
    if (!known(device.device)) blocks.devices.push_back(std::move(device));
  }
}

}  // namespace vss::freezer
