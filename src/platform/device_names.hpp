// Which block device a name means. Looks into /sys, and at names in /dev; opens no device. Not
// freeze-safe: opens by path; the freezer asks in CHECK and PREPARE.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/block_graph.hpp"

namespace vss::platform {

// For one planning: what /sys must be searched for is read once, when it is first needed.
class DeviceNames {
 public:
  // Where to look; an empty name: not there.
  struct Places {
    std::string sysfs;      // /sys, or a test's tree
    std::string dev;        // /dev
    std::string recording;  // a directory of links, named as in /dev, into `sysfs`
  };
  explicit DeviceNames(Places places) : places_(std::move(places)) {}

  // The device that a mount option or a mount's source names: "/dev/sda1", "/dev/mapper/vg-root".
  // sysfs answers for those; any other name is looked up below `dev`, without leaving that
  // filesystem, which must be in memory, so no disk and no server is asked.
  std::optional<BlockNumber> device(std::string_view path);

  // The devices of a filesystem that has no number of its own, by mountinfo's source: all of a
  // btrfs (also those that `source` does not name), or those that `source` lists, separated by
  // colons. Empty when they cannot be found out.
  std::vector<BlockNumber> members(std::string_view type, std::string_view source);

 private:
  std::optional<BlockNumber> by_sysfs(std::string_view path);
  std::optional<BlockNumber> by_node(std::string_view name) const;  // without "/dev/"
  std::optional<BlockNumber> by_recorded_link(std::string_view name) const;
  std::vector<BlockNumber> btrfs_members(BlockNumber one);
  void read_btrfs();

  Places places_;
  std::optional<std::map<std::string, BlockNumber, std::less<>>> mapper_;  // by dm/name
  // Of each btrfs all devices; none where one of them could not be read.
  std::optional<std::vector<std::vector<BlockNumber>>> btrfs_;
  std::map<BlockNumber, std::size_t> btrfs_of_;  // in btrfs_, by each of its devices
};

}  // namespace vss::platform
