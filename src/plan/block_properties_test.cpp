// What holds for every nest of block devices, also for those that no machine could make.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "plan/mount_point_index.hpp"
#include "plan/plan.hpp"

namespace vss::plan {
namespace {

enum class Kind { kDisk, kPartition, kLoop, kLoopOnDevice, kLost, kMapped, kArray, kServed };

struct Device {
  Kind kind = Kind::kDisk;
  std::vector<unsigned> below;  // of a partition, of a loop device without a file: one
  std::string file;             // of a loop device
  bool suspended = false;
};
struct Place {
  std::string point;
  unsigned device = 0;
  bool part = false;
};
struct World {
  std::vector<Device> devices;
  std::vector<Place> mounts;
  std::vector<std::string> exclude;
};

DeviceNumber number_of(unsigned device) {
  return {253, device};
}

std::string any_point() {
  const auto names = *rc::gen::container<std::vector<char>>(rc::gen::element('a', 'b', 'c', 'd'));
  std::string point;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i)
    point += std::string("/") + names[i];
  return point.empty() ? "/a" : point;
}

Device any_device(unsigned count) {
  Device device;
  device.kind = *rc::gen::weightedElement<Kind>({{5, Kind::kDisk},
                                                 {3, Kind::kPartition},
                                                 {4, Kind::kLoop},
                                                 {3, Kind::kLoopOnDevice},
                                                 {1, Kind::kLost},
                                                 {5, Kind::kMapped},
                                                 {3, Kind::kArray},
                                                 {1, Kind::kServed}});
  const bool has_parts = device.kind == Kind::kMapped || device.kind == Kind::kArray;
  const bool has_one = device.kind == Kind::kPartition || device.kind == Kind::kLoopOnDevice;
  const auto parts = has_one ? 1U : has_parts ? *rc::gen::inRange<unsigned>(1, 4) : 0U;
  for (unsigned i = 0; i < parts; ++i)
    device.below.push_back(*rc::gen::inRange<unsigned>(0, count));
  if (device.kind == Kind::kLoop) device.file = any_point() + "/image";
  device.suspended =
      device.kind == Kind::kMapped && *rc::gen::weightedElement<bool>({{9, false}, {1, true}});
  return device;
}

World any_world() {
  World world;
  const auto devices = *rc::gen::inRange<unsigned>(1, 14);
  for (unsigned i = 0; i < devices; ++i)
    world.devices.push_back(any_device(devices));
  world.mounts.push_back({"/", *rc::gen::inRange<unsigned>(0, devices), false});
  const auto mounts = *rc::gen::inRange<unsigned>(0, 12);
  for (unsigned i = 0; i < mounts; ++i) {
    world.mounts.push_back(
        {any_point(), *rc::gen::inRange<unsigned>(0, devices), *rc::gen::arbitrary<bool>()});
  }
  if (*rc::gen::arbitrary<bool>()) world.exclude.push_back(any_point() + "*");
  return world;
}

std::string table_text(const World& world) {
  std::string text;
  for (std::size_t i = 0; i < world.mounts.size(); ++i) {
    const Place& mount = world.mounts[i];
    text += std::to_string(i + 2) + (i == 0 ? " 1 " : " 2 ") +
            std::string(to_text(number_of(mount.device)).view()) +
            (mount.part ? " /part " : " / ") + mount.point + " rw - ext4 /dev/d" +
            std::to_string(mount.device) + " rw\n";
  }
  return text;
}

BlockStack blocks_of(const World& world) {
  BlockStack blocks;
  blocks.sysfs_present = true;
  for (unsigned i = 0; i < world.devices.size(); ++i) {
    const Device& from = world.devices[i];
    BlockDevice& device = blocks.devices.emplace_back();
    device.device = number_of(i);
    device.name = "d" + std::to_string(i);
    device.hardware = from.kind == Kind::kDisk;
    if (from.kind == Kind::kLoop) device.backing_file = from.file;
    if (from.kind == Kind::kLoopOnDevice) {
      device.backing_file = "/dev/d" + std::to_string(from.below.front());
    }
    if (from.kind == Kind::kLost) device.backing_file = "/dev/gone";
    device.loop = device.backing_file.has_value();
    if (from.kind == Kind::kPartition) {
      device.partition_of = number_of(from.below.front());
      continue;
    }
    for (const unsigned part : from.below)
      device.slaves.push_back(number_of(part));
    if (from.kind == Kind::kArray) device.array_level = "raid1";
    if (from.kind == Kind::kMapped) {
      device.mapper_name = "m" + std::to_string(i);
      device.suspended = from.suspended;
    }
  }
  return blocks;
}

struct Planned {
  explicit Planned(const World& world, std::span<const Forbidden> forbidden = {}) {
    RC_ASSERT(table.parse(table_text(world)).has_value());
    const std::vector<std::string_view> exclude(world.exclude.begin(), world.exclude.end());
    PlanRequest request;
    request.exclude = exclude;
    request.forbidden = forbidden;
    RC_ASSERT(make_plan(table, blocks_of(world), request, plan).has_value());
    for (std::size_t n = 0; n < plan.layer_count(); ++n) {
      for (const PlannedFilesystem& filesystem : plan.layer(n))
        layers.emplace(filesystem.device.minor, n);
    }
  }
  MountTable table;
  Plan plan;
  std::map<unsigned, std::size_t> layers;  // by device
};

// All devices below `top`, itself too, found the slow way.
std::set<unsigned> all_below(const World& world, unsigned top) {
  std::set<unsigned> seen;
  std::vector<unsigned> left = {top};
  while (!left.empty()) {
    const unsigned device = left.back();
    left.pop_back();
    if (!seen.insert(device).second) continue;
    const auto& below = world.devices[device].below;
    left.insert(left.end(), below.begin(), below.end());
  }
  return seen;
}

bool lies_on_itself(const World& world, unsigned device) {
  return std::ranges::any_of(world.devices[device].below, [&](unsigned below) {
    return all_below(world, below).contains(device);
  });
}

// Nobody could freeze a filesystem on it.
bool hopeless(const World& world, unsigned top) {
  return std::ranges::any_of(all_below(world, top), [&](unsigned device) {
    const Device& d = world.devices[device];
    return d.suspended || d.kind == Kind::kServed || d.kind == Kind::kLost ||
           lies_on_itself(world, device);
  });
}

// The devices of the filesystems that hold the files of loop devices below `top`.
std::set<unsigned> holders(const World& world, const MountTable& table, unsigned top) {
  const MountPointIndex paths(table);
  std::set<unsigned> result;
  for (const unsigned device : all_below(world, top)) {
    const Device& d = world.devices[device];
    if (d.kind != Kind::kLoop) continue;
    for (const auto mount : {paths.mount_of_path(d.file), paths.longest_mount_of_path(d.file)}) {
      if (mount) result.insert(table.mounts()[*mount].device.minor);
    }
  }
  result.erase(top);
  return result;
}

// The same on through the files of those.
std::set<unsigned> all_holders(const World& world, const MountTable& table, unsigned top) {
  std::set<unsigned> seen;
  std::vector<unsigned> left = {top};
  while (!left.empty()) {
    const unsigned device = left.back();
    left.pop_back();
    for (const unsigned holder : holders(world, table, device)) {
      if (seen.insert(holder).second) left.push_back(holder);
    }
  }
  return seen;
}

TEST(BlockProperties, WhatCannotBeExplainedIsNeverFrozen) {
  EXPECT_TRUE(rc::check([] {
    const World world = any_world();
    const Planned planned(world);
    for (const auto& [device, layer] : planned.layers)
      RC_ASSERT(!hopeless(world, device));
    for (const PlanEntry& entry : planned.plan.entries) {
      RC_ASSERT(!entry.reason.empty());
      const bool in_scope = entry.action == Action::kFreeze || entry.action == Action::kVeto;
      if (in_scope && hopeless(world, entry.device.minor)) RC_ASSERT(entry.action == Action::kVeto);
    }
  }));
}

TEST(BlockProperties, OrderRespectsEveryFileBelowAnyNestOfDevices) {
  EXPECT_TRUE(rc::check([] {
    const World world = any_world();
    const Planned planned(world);
    for (const auto& [device, layer] : planned.layers) {
      for (const unsigned holder : all_holders(world, planned.table, device)) {
        RC_ASSERT(holder != device);
        if (planned.layers.contains(holder)) RC_ASSERT(layer < planned.layers.at(holder));
      }
    }
  }));
}

// Whatever is left out, for whatever reason: what stores it is not frozen against the limit.
TEST(BlockProperties, NothingBelowAForbiddenFilesystemIsFrozen) {
  EXPECT_TRUE(rc::check([] {
    const World world = any_world();
    const unsigned root = world.mounts.front().device;
    const Forbidden forbidden[] = {{number_of(root), "/"}};
    const Planned planned(world, forbidden);
    RC_ASSERT(!planned.layers.contains(root));
    for (const unsigned holder : all_holders(world, planned.table, root))
      RC_ASSERT(!planned.layers.contains(holder));
  }));
}

TEST(BlockProperties, NothingIsFrozenThatLiesOnASuspendedDeviceByWayOfFiles) {
  EXPECT_TRUE(rc::check([] {
    const World world = any_world();
    const Planned planned(world);
    for (const auto& [device, layer] : planned.layers) {
      for (const unsigned holder : all_holders(world, planned.table, device)) {
        for (const unsigned below : all_below(world, holder))
          RC_ASSERT(!world.devices[below].suspended);
      }
    }
  }));
}

TEST(BlockProperties, EverySuperblockIsFrozenAtMostOnce) {
  EXPECT_TRUE(rc::check([] {
    const Planned planned(any_world());
    RC_ASSERT(planned.layers.size() == planned.plan.to_freeze.size());
    RC_ASSERT(planned.plan.summary.to_freeze == planned.plan.to_freeze.size());
  }));
}

// Thawing goes by the backings alone: whoever waits for nobody any more thaws. However that falls
// out, backwards it is an order in which everything could have been frozen.
TEST(BlockProperties, EveryThawThatTheBackingsAllowIsTheReverseOfAFreeze) {
  EXPECT_TRUE(rc::check([] {
    const World world = any_world();
    const Planned planned(world);
    const Plan& plan = planned.plan;
    std::vector<unsigned> thawed;
    std::vector<bool> done(plan.to_freeze.size());
    const auto waits = [&](std::size_t at) {
      return std::ranges::any_of(plan.backings, [&](const Plan::Backing& backing) {
        return backing.upper == at && !done[backing.lower];
      });
    };
    while (thawed.size() < plan.to_freeze.size()) {
      std::vector<std::size_t> free;
      for (std::size_t i = 0; i < done.size(); ++i) {
        if (!done[i] && !waits(i)) free.push_back(i);
      }
      RC_ASSERT(!free.empty());
      const std::size_t next = *rc::gen::elementOf(free);
      done[next] = true;
      thawed.push_back(plan.to_freeze[next].device.minor);
    }
    for (std::size_t i = 0; i < thawed.size(); ++i) {
      const auto below = all_holders(world, planned.table, thawed[i]);
      for (std::size_t later = i + 1; later < thawed.size(); ++later)
        RC_ASSERT(!below.contains(thawed[later]));
    }
  }));
}

TEST(BlockProperties, PlanningTwiceGivesTheSame) {
  EXPECT_TRUE(rc::check([] {
    const World world = any_world();
    RC_ASSERT(!difference(Planned(world).plan, Planned(world).plan));
  }));
}

}  // namespace
}  // namespace vss::plan
