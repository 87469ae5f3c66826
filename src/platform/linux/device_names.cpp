#include "platform/device_names.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/unique_fd.hpp"
#include "platform/linux/sysfs.hpp"

namespace vss::platform {
namespace {

namespace fs = std::filesystem;
using sysfs::entries_of;
using sysfs::number_of;
using sysfs::read_attribute;

constexpr std::string_view kDev = "/dev/";
constexpr std::string_view kMapper = "/dev/mapper/";

std::map<std::string, BlockNumber, std::less<>> read_mapper_names(const fs::path& sysfs) {
  std::map<std::string, BlockNumber, std::less<>> names;
  for (const fs::path& directory : entries_of(sysfs / "class/block")) {
    auto name = read_attribute(directory / "dm/name");
    if (!name) continue;
    if (const auto number = number_of(directory)) names.try_emplace(std::move(*name), *number);
  }
  return names;
}

// A descriptor for the name alone, of what lies below `directory`.
base::UniqueFd look_at(int directory, std::string_view name, std::uint64_t flags,
                       std::uint64_t resolve) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC | flags;
  how.resolve = RESOLVE_BENEATH | resolve;
  const std::string text(name);
  return base::UniqueFd{
      static_cast<int>(::syscall(SYS_openat2, directory, text.c_str(), &how, sizeof how))};
}

}  // namespace

std::optional<BlockNumber> DeviceNames::device(std::string_view path) {
  if (!path.starts_with(kDev)) return std::nullopt;
  if (const auto number = by_sysfs(path)) return number;
  path.remove_prefix(kDev.size());
  const auto number = by_node(path);
  return number ? number : by_recorded_link(path);
}

std::optional<BlockNumber> DeviceNames::by_sysfs(std::string_view path) {
  if (path.starts_with(kMapper)) {
    if (!mapper_) mapper_ = read_mapper_names(places_.sysfs);
    const auto found = mapper_->find(path.substr(kMapper.size()));
    if (found == mapper_->end()) return std::nullopt;
    return found->second;
  }
  // sysfs writes the slash of cciss/c0d0 as an exclamation mark.
  std::string name(path.substr(kDev.size()));
  std::ranges::replace(name, '/', '!');
  return number_of(fs::path(places_.sysfs) / "class/block" / name);
}

// Over links within the filesystem of `dev` only.
std::optional<BlockNumber> DeviceNames::by_node(std::string_view name) const {
  if (places_.dev.empty()) return std::nullopt;
  const base::UniqueFd directory{::open(places_.dev.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  struct statfs filesystem{};
  if (!directory || ::fstatfs(directory.get(), &filesystem) != 0 ||
      filesystem.f_type != TMPFS_MAGIC) {  // devtmpfs says this too
    return std::nullopt;
  }
  const base::UniqueFd node = look_at(directory.get(), name, 0, RESOLVE_NO_XDEV);
  struct stat found{};
  if (!node || ::fstat(node.get(), &found) != 0 || !S_ISBLK(found.st_mode)) return std::nullopt;
  return BlockNumber{major(found.st_rdev), minor(found.st_rdev)};
}

// The link is read, not followed.
std::optional<BlockNumber> DeviceNames::by_recorded_link(std::string_view name) const {
  if (places_.recording.empty()) return std::nullopt;
  const base::UniqueFd directory{
      ::open(places_.recording.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!directory) return std::nullopt;
  const base::UniqueFd link = look_at(directory.get(), name, O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
  std::array<char, 1024> target;
  const ssize_t size = link ? ::readlinkat(link.get(), "", target.data(), target.size()) : -1;
  if (size <= 0) return std::nullopt;
  const fs::path text{std::string_view(target.data(), static_cast<std::size_t>(size))};
  return number_of(fs::path(places_.sysfs) / "class/block" / text.filename());
}

std::vector<BlockNumber> DeviceNames::members(std::string_view type, std::string_view source) {
  if (type == "btrfs") {
    const auto one = device(source);
    return one ? btrfs_members(*one) : std::vector<BlockNumber>{};
  }
  std::vector<BlockNumber> devices;
  while (!source.empty()) {
    const std::size_t colon = std::min(source.find(':'), source.size());
    const auto number = device(source.substr(0, colon));
    if (!number) return {};
    devices.push_back(*number);
    source.remove_prefix(std::min(colon + 1, source.size()));
  }
  return devices;
}

// All devices of the btrfs that `one` belongs to; none where one of them could not be read.
std::vector<BlockNumber> DeviceNames::btrfs_members(BlockNumber one) {
  if (!btrfs_) read_btrfs();
  const auto found = btrfs_of_.find(one);
  if (found == btrfs_of_.end()) return {};
  return (*btrfs_)[found->second];
}

void DeviceNames::read_btrfs() {
  btrfs_.emplace();
  for (const fs::path& filesystem : entries_of(fs::path(places_.sysfs) / "fs/btrfs")) {
    std::vector<BlockNumber> devices;
    bool complete = true;
    for (const fs::path& device : entries_of(filesystem / "devices")) {
      const auto number = number_of(device);
      complete = complete && number.has_value();
      if (number) devices.push_back(*number);
    }
    for (const BlockNumber number : devices)
      btrfs_of_.try_emplace(number, btrfs_->size());
    if (!complete) devices.clear();
    btrfs_->push_back(std::move(devices));
  }
}

}  // namespace vss::platform
