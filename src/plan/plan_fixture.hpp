// For tests: a mount table written as the kernel prints it, block devices in a word each, and the
// plan.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/plan.hpp"

namespace vss::plan {

class PlanFixture : public testing::Test {
 protected:
  PlanFixture() { blocks.sysfs_present = true; }

  void disk(DeviceNumber device, std::string name) {
    BlockDevice facts;
    facts.device = device;
    facts.name = std::move(name);
    facts.hardware = true;
    blocks.devices.push_back(facts);
  }
  void partition(DeviceNumber device, std::string name, DeviceNumber of) {
    BlockDevice facts;
    facts.device = device;
    facts.name = std::move(name);
    facts.partition_of = of;
    blocks.devices.push_back(facts);
  }
  // Neither a disk nor a partition: what `slaves` say, if anything.
  BlockDevice& virtual_device(DeviceNumber device, std::string name,
                              std::vector<DeviceNumber> slaves) {
    BlockDevice& facts = blocks.devices.emplace_back();
    facts.device = device;
    facts.name = std::move(name);
    facts.slaves = std::move(slaves);
    return facts;
  }
  void mapped(std::uint32_t minor, std::string name, std::string uuid,
              std::vector<DeviceNumber> slaves, std::optional<bool> suspended = false) {
    BlockDevice& facts =
        virtual_device({253, minor}, "dm-" + std::to_string(minor), std::move(slaves));
    facts.mapper_name = std::move(name);
    facts.mapper_uuid = std::move(uuid);
    facts.suspended = suspended;
  }
  void array(std::uint32_t minor, std::string level, std::vector<DeviceNumber> slaves) {
    virtual_device({9, minor}, "md" + std::to_string(minor), std::move(slaves)).array_level =
        std::move(level);
  }
  void loop(DeviceNumber device, std::optional<std::string> backing_file) {
    BlockDevice facts;
    facts.device = device;
    facts.name = "loop" + std::to_string(device.minor);
    facts.loop = true;
    facts.backing_file = std::move(backing_file);
    blocks.devices.push_back(facts);
  }

  void loop_on(DeviceNumber device, std::string path, DeviceNumber below) {
    loop(device, std::move(path));
    blocks.devices.back().slaves = {below};
  }

  // What is known about the file behind the loop device that was given last.
  void backed_by(FileNumber file, std::optional<FileNumber> at_path = std::nullopt) {
    blocks.devices.back().backing = file;
    blocks.devices.back().at_path = at_path;
  }

  // `text` may be indented; blank lines are left out.
  void given(std::string_view text) {
    std::string lines;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
      if (!line.empty()) lines.append(line).append("\n");
    }
    const auto parsed = table.parse(lines);
    ASSERT_TRUE(parsed) << to_error(parsed.error(), "the test's table").message;
  }

  base::Status try_plan() { return make_plan(table, blocks, request, plan); }
  void make() {
    const auto status = try_plan();
    ASSERT_TRUE(status) << status.error().message;
  }

  // The topmost mount at `mount_point`.
  const PlanEntry& at(std::string_view mount_point) const {
    const PlanEntry* last = nullptr;
    for (const PlanEntry& entry : plan.entries) {
      if (entry.mount_point == mount_point) last = &entry;
    }
    if (last == nullptr) ADD_FAILURE() << "no mount at " << mount_point;
    static const PlanEntry kNone;
    return last == nullptr ? kNone : *last;
  }
  Action action(std::string_view mount_point) const { return at(mount_point).action; }
  std::string reason(std::string_view mount_point) const {
    return std::string(at(mount_point).reason.view());
  }
  std::vector<std::vector<std::string>> layers() const {
    std::vector<std::vector<std::string>> result;
    for (std::size_t n = 0; n < plan.layer_count(); ++n) {
      result.emplace_back();
      for (const PlannedFilesystem& filesystem : plan.layer(n)) {
        result.back().emplace_back(plan.entries[filesystem.entry].mount_point);
      }
    }
    return result;
  }
  std::vector<std::string> to_sync() const {
    std::vector<std::string> result;
    for (const PlannedFilesystem& filesystem : plan.to_sync) {
      result.emplace_back(plan.entries[filesystem.entry].mount_point);
    }
    return result;
  }

  MountTable table;
  BlockStack blocks;
  PlanRequest request;
  Plan plan;
};

using Layers = std::vector<std::vector<std::string>>;

}  // namespace vss::plan
