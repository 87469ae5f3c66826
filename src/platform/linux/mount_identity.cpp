#include "platform/mount_identity.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace vss::platform {
namespace {

constexpr unsigned kStatxMountId = 0x1000;  // STATX_MNT_ID, Linux 5.8

// The running kernel's layout of struct statx where the C library's header is older.
bool examine(int directory, const char* path, int flags, struct statx& found) {
  return ::statx(directory, path, flags | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
                 STATX_INO | kStatxMountId, &found) == 0 &&
         (found.stx_mask & kStatxMountId) != 0;
}

}  // namespace

std::optional<PathIdentity> identify(const std::string& path) {
  struct statx found{};
  if (!examine(AT_FDCWD, path.c_str(), 0, found)) return std::nullopt;
  return PathIdentity{static_cast<std::uint32_t>(found.stx_mnt_id), found.stx_dev_major,
                      found.stx_dev_minor, found.stx_ino};
}

int open_mount(const char* path, std::uint32_t mount_id, base::UniqueFd& opened) {
  base::UniqueFd fd{::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return errno;
  struct statx found{};
  if (!examine(fd.get(), "", AT_EMPTY_PATH, found)) return errno != 0 ? errno : ENOSYS;
  if (found.stx_mnt_id != mount_id) return ESTALE;
  opened = std::move(fd);
  return 0;
}

int sync_filesystem(int fd) {
  return ::syncfs(fd) == 0 ? 0 : errno;
}

int open_by_private_mount(const std::string& device_path, const std::string& type,
                          base::UniqueFd& opened) {
  // A mounted filesystem claims its device for itself: the kernel refuses a second claim.
  if (const base::UniqueFd alone{::open(device_path.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC)}) {
    struct stat found{};
    if (::fstat(alone.get(), &found) != 0) return errno;
    return S_ISBLK(found.st_mode) ? kNoSuperblock : ENOTBLK;
  }
  if (errno != EBUSY) return errno;
  if (::unshare(CLONE_NEWNS) != 0) return errno;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
  // Any directory will do as the mount point: nobody else sees it.
  const char* const point = "/proc";
  if (::mount(device_path.c_str(), point, type.c_str(),
              MS_NOATIME | MS_NODEV | MS_NOEXEC | MS_NOSUID, nullptr) != 0) {
    return errno;
  }
  base::UniqueFd fd{::open(point, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  const int error = fd ? 0 : errno;
  // The descriptor keeps it alive; the name must not hide /proc.
  ::umount2(point, MNT_DETACH);
  if (error == 0) opened = std::move(fd);
  return error;
}

std::string block_device_path(const std::string& sysfs, std::uint32_t major, std::uint32_t minor) {
  const std::string link =
      sysfs + "/dev/block/" + std::to_string(major) + ":" + std::to_string(minor);
  std::array<char, 1024> target;
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  if (size <= 0) return {};
  const std::string_view name{target.data(), static_cast<std::size_t>(size)};
  return "/dev/" + std::string(name.substr(name.rfind('/') + 1));
}

}  // namespace vss::platform
