#include "plan/superblocks.hpp"

#include <numeric>
#include <unordered_map>

namespace vss::plan {

SuperblockSet::SuperblockSet(const MountTable& from) : table(from), paths(from) {
  const auto all = table.mounts();
  std::unordered_map<std::uint64_t, std::size_t> by_device;
  superblock_of.reserve(all.size());
  for (const Mount& mount : all) {
    const auto [found, added] = by_device.try_emplace(key_of(mount.device), superblocks.size());
    if (added) {
      superblocks.emplace_back();
      superblocks.back().device = mount.device;
      superblocks.back().type_class = classify_type(mount);
    }
    superblock_of.push_back(found->second);
    ++superblocks[found->second].mount_count;
  }
  std::size_t next = 0;
  for (Superblock& superblock : superblocks) {
    superblock.first_mount = next;
    next += superblock.mount_count;
    superblock.mount_count = 0;
  }
  mounts.resize(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    Superblock& superblock = superblocks[superblock_of[i]];
    mounts[superblock.first_mount + superblock.mount_count++] = i;
  }
}

const Mount& SuperblockSet::mount_of(std::size_t superblock) const {
  return table.mounts()[mounts[superblocks[superblock].first_mount]];
}

std::span<const std::size_t> SuperblockSet::mounts_of(std::size_t superblock) const {
  const Superblock& s = superblocks[superblock];
  return std::span(mounts).subspan(s.first_mount, s.mount_count);
}

std::optional<std::size_t> SuperblockSet::find(DeviceNumber device) const {
  for (std::size_t i = 0; i < superblocks.size(); ++i) {
    if (superblocks[i].device == device) return i;
  }
  return std::nullopt;
}

}  // namespace vss::plan
