#include "platform/block_graph.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "base/unique_fd.hpp"
#include "platform/linux/sysfs.hpp"

namespace vss::platform {
namespace {

namespace fs = std::filesystem;
using sysfs::entries_of;
using sysfs::number_of;
using sysfs::present;
using sysfs::read_attribute;

// `directory` is the device's own, symbolic links resolved, so that its parent is its disk's.
BlockDeviceFacts read_facts(const fs::path& directory, BlockNumber device) {
  BlockDeviceFacts facts;
  facts.device = device;
  facts.name = directory.filename();
  facts.hardware = present(directory / "device");
  if (present(directory / "partition")) facts.partition_of = number_of(directory.parent_path());
  facts.loop = !facts.partition_of && (present(directory / "loop") ||
                                       (facts.name.starts_with("loop") && device.major == 7));
  facts.backing_file = read_attribute(directory / "loop/backing_file");
  if (facts.loop && facts.backing_file == "") facts.backing_file.reset();
  facts.mapper_name = read_attribute(directory / "dm/name").value_or("");
  facts.mapper_uuid = read_attribute(directory / "dm/uuid").value_or("");
  if (const auto text = read_attribute(directory / "dm/suspended")) facts.suspended = text != "0";
  facts.array_level = read_attribute(directory / "md/level").value_or("");
  for (const fs::path& slave : entries_of(directory / "slaves")) {
    const auto number = number_of(slave);
    facts.slaves_complete = facts.slaves_complete && number.has_value();
    if (number) facts.slaves.push_back(*number);
  }
  return facts;
}

// udev writes what may not stand in a name as \x and two digits.
std::string decode_name(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    unsigned byte = 0;
    const char* const digits = name.data() + 2;
    if (name.size() >= 4 && name.starts_with("\\x") &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      text += static_cast<char>(byte);
      name.remove_prefix(4);
    } else {
      text += name.front();
      name.remove_prefix(1);
    }
  }
  return text;
}

}  // namespace

bool block_devices_visible(const std::string& sysfs) {
  return present(fs::path(sysfs) / "dev/block");
}

void read_block_stack(const std::string& sysfs, BlockNumber device,
                      std::vector<BlockDeviceFacts>& found) {
  std::vector<BlockNumber> left = {device};
  while (!left.empty()) {
    const BlockNumber next = left.back();
    left.pop_back();
    if (std::ranges::find(found, next, &BlockDeviceFacts::device) != found.end()) continue;
    const fs::path link = fs::path(sysfs) / "dev/block" /
                          (std::to_string(next.major) + ":" + std::to_string(next.minor));
    std::error_code error;
    const fs::path directory = fs::canonical(link, error);
    if (error) continue;
    found.push_back(read_facts(directory, next));
    const BlockDeviceFacts& facts = found.back();
    left.insert(left.end(), facts.slaves.begin(), facts.slaves.end());
    if (facts.partition_of) left.push_back(*facts.partition_of);
  }
}

BlockNumber decode_device(std::uint64_t encoded) {
  return {static_cast<std::uint32_t>((encoded & 0xfff00) >> 8),
          static_cast<std::uint32_t>((encoded & 0xff) | (encoded >> 12 & 0xfff00))};
}

std::optional<BackingFile> ask_loop_device(const char* path, BlockNumber device) {
  const base::UniqueFd fd{::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat found{};
  if (!fd || ::fstat(fd.get(), &found) != 0 || !S_ISBLK(found.st_mode) ||
      major(found.st_rdev) != device.major || minor(found.st_rdev) != device.minor) {
    return std::nullopt;
  }
  loop_info64 info{};
  if (::ioctl(fd.get(), LOOP_GET_STATUS64, &info) != 0) return std::nullopt;
  BackingFile file{decode_device(info.lo_device), info.lo_inode, std::nullopt};
  // Older kernels name a plain file's filesystem here once more.
  if (info.lo_rdevice != 0 && info.lo_rdevice != info.lo_device) {
    file.is_device = decode_device(info.lo_rdevice);
  }
  return file;
}

std::vector<BlockLabel> read_labels(const std::string& sysfs, const std::string& directory) {
  std::vector<BlockLabel> labels;
  for (const fs::path& link : entries_of(directory)) {
    std::error_code error;
    const fs::path target = fs::read_symlink(link, error);
    if (error) continue;
    const auto number = number_of(fs::path(sysfs) / "class/block" / target.filename());
    if (number) labels.push_back({*number, decode_name(link.filename().native())});
  }
  return labels;
}

}  // namespace vss::platform
