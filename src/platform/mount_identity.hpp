// Opening exactly the filesystem that a mount table names. Not freeze-safe, and may hang on a dead
// device: the disposable helper does it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/unique_fd.hpp"

namespace vss::platform {

// What lies at a path at this moment.
struct PathIdentity {
  std::uint32_t mount_id = 0;  // as in mountinfo; the same in every mount namespace
  std::uint32_t major = 0;     // st_dev: equals mountinfo's number except on btrfs
  std::uint32_t minor = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const PathIdentity&, const PathIdentity&) = default;
};
// Follows symbolic links; asks no server. Nothing when it cannot be examined.
std::optional<PathIdentity> identify(const std::string& path);

// Opens the directory `path` for reading, and checks that it lies on mount `mount_id` (something
// else may be mounted over it). Returns 0 or errno; ESTALE: another mount is there.
int open_mount(const char* path, std::uint32_t mount_id, base::UniqueFd& opened);

// syncfs(2). 0 or errno. May block without limit.
int sync_filesystem(int fd);

// For recovery, when no mount of a frozen superblock is visible any more (umount -l): mounts the
// block device once more, in a mount namespace of the calling process that nobody else sees, and
// opens it; the kernel gives the same superblock. Root only; the process stays in that namespace.
// Returns 0, errno, or kNoSuperblock: nothing uses the device, so no superblock lives on it. It is
// not mounted then, for that would replay the journal of whatever image lies there now.
inline constexpr int kNoSuperblock = -1;
int open_by_private_mount(const std::string& device_path, const std::string& type,
                          base::UniqueFd& opened);

// "/dev/sda1" for 8:1, by `sysfs` (/sys); empty when there is no such block device, or no sysfs.
std::string block_device_path(const std::string& sysfs, std::uint32_t major, std::uint32_t minor);

}  // namespace vss::platform
