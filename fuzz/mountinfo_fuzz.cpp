// Any bytes as a mount table: parsed or refused, and what parses is planned by all the rules. The
// devices, the request and the limits are made from the table's own numbers, so that they meet; the
// bytes behind a NUL, which no table contains, choose among them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "plan/mount_table.hpp"
#include "plan/plan.hpp"

namespace {

using namespace vss::plan;

// Choices, the same for the same input; without bytes of their own, from the table's.
class Choices {
 public:
  Choices(std::string_view table, std::string_view bytes) : bytes_(bytes) {
    for (const char byte : table)
      state_ = (state_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  std::size_t below(std::size_t limit) {
    state_ = state_ * 0x5851f42d4c957f2dU + 0x14057b7ef767814fU;
    std::uint64_t value = state_ >> 33U;
    if (!bytes_.empty()) {
      value = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
    }
    return static_cast<std::size_t>(value % limit);
  }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::string_view bytes_;
  std::uint64_t state_ = 0xcbf29ce484222325U;
};

const Mount& any_mount(const MountTable& table, Choices& choices) {
  return table.mounts()[choices.below(table.mounts().size())];
}

BlockDevice device_for(DeviceNumber number, const MountTable& table, Choices& choices) {
  BlockDevice device;
  device.device = number;
  device.name = "sda";
  switch (choices.below(8)) {
    case 0:
    case 1: device.hardware = true; break;
    case 2: device.partition_of = any_mount(table, choices).device; break;
    case 3: device.mapper_name = "vg-root"; break;
    case 4: device.array_level = "raid1"; break;
    default:
      device.loop = true;
      device.name = "loop0";
      if (choices.one_in(16)) break;
      device.backing_file = std::string(any_mount(table, choices).mount_point) + "/image";
      if (choices.one_in(2)) device.backing = FileNumber{any_mount(table, choices).device, 12};
      if (choices.one_in(4)) device.at_path = FileNumber{any_mount(table, choices).device, 12};
  }
  if (choices.one_in(8)) device.slaves.push_back(any_mount(table, choices).device);
  return device;
}

BlockStack devices_of(const MountTable& table, Choices& choices) {
  BlockStack stack;
  stack.sysfs_present = !choices.one_in(8);
  for (const DeviceQuery& query : devices_to_look_up(table)) {
    if (choices.one_in(16)) continue;  // /sys knows nothing of it
    if (query.by_source) {
      stack.members.push_back({query.filesystem, {{8, 1}, any_mount(table, choices).device}});
    } else {
      stack.devices.push_back(device_for(query.filesystem, table, choices));
    }
  }
  stack.devices.push_back(device_for({8, 1}, table, choices));
  return stack;
}

// As the kernel writes them: "//srv" or "/srv/." would name the mount at "/srv", and contains() not
// find it.
bool is_canonical(std::string_view path) {
  const bool ends_well = path == "/" || !path.ends_with('/');
  return ends_well && std::filesystem::path(path).lexically_normal().string() == path;
}

std::vector<std::string_view> some_mount_points(const MountTable& table, Choices& choices) {
  std::vector<std::string_view> points;
  for (std::size_t left = choices.below(4); left > 1; --left) {
    const std::string_view point = any_mount(table, choices).mount_point;
    if (is_canonical(point)) points.push_back(point);
  }
  return points;
}

bool contains(const std::vector<std::string_view>& points, const Plan& plan, DeviceNumber device) {
  for (const auto& entry : plan.entries) {
    for (const std::string_view point : points) {
      if (entry.device == device && entry.mount_point == point) return true;
    }
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const std::string_view text = input.substr(0, input.find('\0'));
  MountTable table;
  if (!table.parse(text)) return 0;

  Choices choices(text, input.substr(std::min(text.size() + 1, size)));
  BlockStack blocks;
  PlanRequest request;
  std::vector<std::string_view> paths, exclude, only;
  std::vector<Forbidden> forbidden;
  if (!table.mounts().empty()) {
    blocks = devices_of(table, choices);
    paths = some_mount_points(table, choices);
    exclude = some_mount_points(table, choices);
    only = some_mount_points(table, choices);
    if (choices.one_in(2)) forbidden.push_back({any_mount(table, choices).device, "/"});
    request.selection = static_cast<Selection>(choices.below(3));
    request.unfreezable = static_cast<Unfreezable>(choices.below(2));
    request.require_filesystem = choices.one_in(2);
    request.allow_root = choices.one_in(4);
  }
  request.paths = paths;
  request.exclude = exclude;
  request.only = only;
  request.forbidden = forbidden;

  Plan plan;
  if (!make_plan(table, blocks, request, plan)) return 0;
  VSS_ASSERT(plan.entries.size() == table.mounts().size());
  for (const auto& entry : plan.entries)
    VSS_ASSERT(!entry.reason.empty());
  VSS_ASSERT(!difference(plan, plan));
  // Whatever was asked for, the freezer's own limits hold.
  for (const PlannedFilesystem& filesystem : plan.to_freeze) {
    VSS_ASSERT(only.empty() || contains(only, plan, filesystem.device));
    for (const Forbidden& place : forbidden)
      VSS_ASSERT(request.allow_root || place.device != filesystem.device);
  }
  // What lies on another freezes in an earlier layer.
  for (const Plan::Backing& backing : plan.backings) {
    const auto layer = [&](std::size_t i) { return plan.entries[plan.to_freeze[i].entry].layer; };
    VSS_ASSERT(!blocks.sysfs_present || layer(backing.upper) < layer(backing.lower));
  }
  return 0;
}
