// Facts about block devices, as the planner needs them. The freezer fills this from
// platform/block_graph before anything is frozen; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/mount_table.hpp"

namespace vss::plan {

// A file as stat(2) numbers it. `filesystem` is a superblock's number, except on btrfs.
struct FileNumber {
  DeviceNumber filesystem;
  std::uint64_t inode = 0;
  friend constexpr bool operator==(const FileNumber&, const FileNumber&) = default;
};

// One device of /sys/dev/block. All texts as sysfs gives them.
struct BlockDevice {
  DeviceNumber device;
  std::string name;       // "sda1", "loop0", "dm-3"
  bool hardware = false;  // has a parent device: a disk, real or virtual machine's
  std::optional<DeviceNumber> partition_of;
  bool loop = false;
  std::optional<std::string> backing_file;  // of a loop device; nothing: could not be read
  std::optional<FileNumber> backing;        // the file itself; nothing: the kernel did not say
  std::optional<FileNumber> at_path;        // what `backing_file` names here; nothing: no file
  std::string mapper_name;                  // device-mapper: "vg-root"
  std::string mapper_uuid;                  // says what made it: "LVM-…", "CRYPT-LUKS2-…"
  std::optional<bool> suspended;            // device-mapper; nothing: the kernel did not say
  std::string array_level;                  // md: "raid1"
  std::vector<DeviceNumber> slaves;         // what it is made of; loop device: a device, no file
  bool slaves_complete = true;              // false: one of them could not be read
};

// Which block devices hold a filesystem whose own number is none (btrfs, bcachefs: major 0).
struct MemberDevices {
  DeviceNumber filesystem;
  std::vector<DeviceNumber> devices;  // empty: could not be found out
};

// A device that a mount option names by its path: the log of an XFS.
struct NamedDevice {
  std::string path;
  DeviceNumber device;
};

// What /dev/disk/by-label says. Of several filesystems with one label it names one.
struct DeviceLabel {
  DeviceNumber device;
  std::string label;
};

struct BlockStack {
  bool sysfs_present = false;        // without it nothing is known about any device
  std::vector<BlockDevice> devices;  // each with everything below it; any order, no duplicates
  std::vector<MemberDevices> members;
  std::vector<NamedDevice> named;  // those of DeviceQuery::paths that could be found
  std::vector<DeviceLabel> labels;
};

// What the freezer must look up for a table: each superblock that could be frozen or synced, once.
struct DeviceQuery {
  DeviceNumber filesystem;
  std::string_view type;  // views the table
  std::string_view source;
  bool by_source = false;  // no block device of its own: ask for the members behind `source`
  std::vector<std::string> paths;  // devices that its mount options name
};
std::vector<DeviceQuery> devices_to_look_up(const MountTable& table);

}  // namespace vss::plan
