// What holds for every table, whatever lies on what.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan/mount_point_index.hpp"
#include "plan/plan.hpp"

namespace vss::plan {
namespace {

constexpr unsigned kDisks = 4;
constexpr unsigned kLoops = 5;

struct Line {
  unsigned parent = 0;  // number of an earlier line
  std::string point;
  unsigned device = 0;
  bool part = false;  // a bind mount of a directory
};
struct World {
  std::vector<Line> lines;
  std::vector<std::string> backing;  // of each loop device
};

// Devices 0…3 are disks, 4…8 loop devices, then tmpfs, vfat, nfs, FUSE, overlay and a read-only
// one.
std::string device_text(unsigned device) {
  static const std::vector<std::string> kOthers = {
      "0:40 {} rw - tmpfs tmpfs rw",
      "8:90 {} rw - vfat /dev/sdu rw",
      "0:41 {} rw - nfs h:/x rw",
      "0:42 {} rw - fuse.sshfs h:/x rw",
      "0:43 {} rw - overlay o rw,lowerdir=/l,upperdir=/a/up,workdir=/a/w",
      "8:91 {} rw - ext4 /dev/sdr ro"};
  if (device < kDisks) return "8:" + std::to_string(device) + " {} rw - ext4 /dev/sda rw";
  if (device < kDisks + kLoops) {
    return "7:" + std::to_string(device - kDisks) + " {} rw - xfs /dev/loop rw";
  }
  return kOthers[(device - kDisks - kLoops) % kOthers.size()];
}

std::string line_text(std::size_t number, const Line& line) {
  std::string text = device_text(line.device);
  text.replace(text.find("{}"), 2, (line.part ? "/part " : "/ ") + line.point);
  return std::to_string(number + 10) + " " + std::to_string(line.parent + 10) + " " + text + "\n";
}

std::string table_text(const World& world) {
  std::string text;
  for (std::size_t i = 0; i < world.lines.size(); ++i)
    text += line_text(i, world.lines[i]);
  return text;
}

rc::Gen<std::string> any_path() {
  return rc::gen::map(rc::gen::container<std::vector<char>>(rc::gen::element('a', 'b', 'c')),
                      [](const std::vector<char>& names) {
                        std::string path = names.empty() ? "/" : "";
                        for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i) {
                          path += std::string("/") + names[i];
                        }
                        return path;
                      });
}

World any_world() {
  World world;
  const auto count = *rc::gen::inRange<unsigned>(0, 24);
  for (unsigned i = 0; i < count; ++i) {
    Line line;
    line.parent = *rc::gen::inRange<unsigned>(0, i + 1);
    line.point = i == 0 ? "/" : *any_path();
    line.device = *rc::gen::inRange<unsigned>(0, kDisks + kLoops + 6);
    line.part = *rc::gen::arbitrary<bool>();
    world.lines.push_back(line);
  }
  for (unsigned i = 0; i < kLoops; ++i) {
    const std::string path = *any_path();
    world.backing.push_back((path == "/" ? "" : path) + "/image");
  }
  return world;
}

BlockStack blocks_of(const World& world) {
  BlockStack blocks;
  blocks.sysfs_present = true;
  for (unsigned i = 0; i < kDisks; ++i) {
    BlockDevice disk;
    disk.device = {8, i};
    disk.name = "sd";
    disk.hardware = true;
    blocks.devices.push_back(disk);
  }
  for (unsigned i = 0; i < kLoops; ++i) {
    BlockDevice loop;
    loop.device = {7, i};
    loop.name = "loop";
    loop.loop = true;
    loop.backing_file = world.backing[i];
    blocks.devices.push_back(loop);
  }
  return blocks;
}

struct Planned {
  explicit Planned(const World& world) {
    RC_ASSERT(table.parse(table_text(world)).has_value());
    PlanRequest request;
    request.require_filesystem = false;
    RC_ASSERT(make_plan(table, blocks_of(world), request, plan).has_value());
  }
  MountTable table;
  Plan plan;
};

std::map<DeviceNumber, std::size_t> layer_of_each(const Plan& plan) {
  std::map<DeviceNumber, std::size_t> layers;
  for (std::size_t n = 0; n < plan.layer_count(); ++n) {
    for (const PlannedFilesystem& filesystem : plan.layer(n))
      layers[filesystem.device] = n;
  }
  return layers;
}

TEST(PlanProperties, EveryMountHasOneActionAndAReason) {
  EXPECT_TRUE(rc::check([] {
    const World world = any_world();
    const Planned planned(world);
    RC_ASSERT(planned.plan.entries.size() == world.lines.size());
    for (const PlanEntry& entry : planned.plan.entries) {
      RC_ASSERT(!entry.reason.empty());
      RC_ASSERT((entry.action == Action::kFreeze) == (entry.layer >= 0));
    }
  }));
}

TEST(PlanProperties, EverySuperblockIsFrozenAtMostOnceAndThroughAMountOfItsOwn) {
  EXPECT_TRUE(rc::check([] {
    const Planned planned(any_world());
    const Plan& plan = planned.plan;
    std::set<DeviceNumber> frozen;
    for (const PlannedFilesystem& filesystem : plan.to_freeze) {
      RC_ASSERT(frozen.insert(filesystem.device).second);
      RC_ASSERT(plan.entries[filesystem.entry].action == Action::kFreeze);
      RC_ASSERT(plan.mounts_of(filesystem).front() == filesystem.entry);
      for (const std::size_t mount : plan.mounts_of(filesystem)) {
        RC_ASSERT(plan.entries[mount].device == filesystem.device);
      }
    }
    const auto entries = std::ranges::count(plan.entries, Action::kFreeze, &PlanEntry::action);
    RC_ASSERT(static_cast<std::size_t>(entries) == frozen.size());
    RC_ASSERT(plan.layer_ends.empty() == plan.to_freeze.empty());
    RC_ASSERT((plan.to_freeze.empty() || plan.layer_ends.back() == plan.to_freeze.size()));
  }));
}

// Which devices the file of a loop device may lie on, found the slow way.
std::vector<DeviceNumber> held_by(const World& world, const MountTable& table,
                                  DeviceNumber device) {
  if (device.major != 7) return {};
  const MountPointIndex paths(table);
  std::vector<DeviceNumber> result;
  for (const auto mount : {paths.mount_of_path(world.backing[device.minor]),
                           paths.longest_mount_of_path(world.backing[device.minor])}) {
    if (mount && table.mounts()[*mount].device != device) {
      result.push_back(table.mounts()[*mount].device);
    }
  }
  return result;
}

TEST(PlanProperties, WhatLiesOnAnotherFreezesInAnEarlierLayer) {
  EXPECT_TRUE(rc::check([] {
    const World world = any_world();
    const Planned planned(world);
    const auto layers = layer_of_each(planned.plan);
    for (const auto& [device, layer] : layers) {
      std::set<DeviceNumber> seen;
      std::vector<DeviceNumber> left = held_by(world, planned.table, device);
      while (!left.empty()) {
        const DeviceNumber below = left.back();
        left.pop_back();
        if (!seen.insert(below).second) continue;
        if (layers.contains(below)) RC_ASSERT(layer < layers.at(below));
        for (const DeviceNumber next : held_by(world, planned.table, below))
          left.push_back(next);
      }
    }
  }));
}

TEST(PlanProperties, BindMountsOfTheSameChangeNothing) {
  EXPECT_TRUE(rc::check([] {
    World world = any_world();
    const Planned before(world);
    const std::size_t count = world.lines.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (!*rc::gen::arbitrary<bool>()) continue;
      Line bind = world.lines[i];
      bind.parent = 0;
      bind.point = "/bind" + std::to_string(i);
      bind.part = true;
      world.lines.push_back(bind);
    }
    const Planned after(world);
    RC_ASSERT(layer_of_each(before.plan) == layer_of_each(after.plan));
    RC_ASSERT(!difference(before.plan, after.plan));
  }));
}

// Debug builds with sanitizers on a busy machine run this too: the limit is far above what it
// takes.
TEST(PlanProperties, TheLargestTablePlansInTime) {
  std::string text = "1 0 8:1 / / rw - ext4 /dev/sda rw\n";
  for (std::size_t i = 1; i < base::kMountsMax; ++i) {
    const std::string number = std::to_string(i + 1);
    text += number + " 1 ";
    text += i % 2 == 0 ? "8:1 /lib/kubelet/pods/" + number : "0:" + number + " /";
    text += " /var/lib/kubelet/pods/" + number + "/volumes/x rw,relatime shared:4 - ";
    text += i % 2 == 0 ? "ext4 /dev/sda rw\n"
                       : "overlay o rw,lowerdir=/l:/l2,upperdir=/var/lib/c/" + number + "/u\n";
  }
  const BlockStack blocks;
  const auto begin = std::chrono::steady_clock::now();
  MountTable table;
  ASSERT_TRUE(table.parse(text));
  Plan plan;
  ASSERT_TRUE(make_plan(table, blocks, {}, plan));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(plan.to_freeze.size(), 1U);
  EXPECT_EQ(plan.entries[1].action, Action::kCovered);
  EXPECT_LT(took, std::chrono::seconds(2));
  RecordProperty(
      "milliseconds",
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

}  // namespace
}  // namespace vss::plan
