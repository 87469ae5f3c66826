// What the system says about block devices and what they lie on. Looks into /sys; opens no device
// but where it says so. Not freeze-safe: opens by path; the freezer asks in CHECK and PREPARE.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vss::platform {

struct BlockNumber {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;

  friend auto operator<=>(BlockNumber, BlockNumber) = default;
};

struct BlockDeviceFacts {
  BlockNumber device;
  std::string name;       // "sda1", "loop0", "dm-3"
  bool hardware = false;  // has a parent device
  std::optional<BlockNumber> partition_of;
  bool loop = false;
  std::optional<std::string> backing_file;  // of a loop device; nothing: could not be read
  std::string mapper_name;                  // device-mapper
  std::string mapper_uuid;                  // with what made it in front: "LVM-…"
  std::optional<bool> suspended;            // device-mapper; nothing: could not be read
  std::string array_level;                  // md
  std::vector<BlockNumber> slaves;
  bool slaves_complete = true;  // false: one of them could not be read
};

// `sysfs` is /sys, or a test's tree. True when block devices can be looked up there at all.
bool block_devices_visible(const std::string& sysfs);

// `device` and everything below it (partition's disk, slaves), each once, appended to `found`
// unless there already. What /sys does not know is left out.
void read_block_stack(const std::string& sysfs, BlockNumber device,
                      std::vector<BlockDeviceFacts>& found);

// The file behind a loop device, as stat(2) numbers it. It may be the node of a device.
struct BackingFile {
  BlockNumber filesystem;
  std::uint64_t inode = 0;
  std::optional<BlockNumber> is_device;
};
// Asks the loop device at `path` ("/dev/loop0"), which must have the number `device`. May wait
// without limit for the server of that file (FUSE, NFS): a disposable process asks.
std::optional<BackingFile> ask_loop_device(const char* path, BlockNumber device);

// As loop devices number it: new_encode_dev() of the kernel, 12 bits of major, 20 of minor.
BlockNumber decode_device(std::uint64_t encoded);

struct BlockLabel {
  BlockNumber device;
  std::string label;
};
// Of the links in `directory` (/dev/disk/by-label) those whose devices sysfs knows. Reads links
// only.
std::vector<BlockLabel> read_labels(const std::string& sysfs, const std::string& directory);

}  // namespace vss::platform
