#include "platform/file_facts.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace vss::platform {
namespace {

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kFile;
  if (S_ISDIR(mode)) return FileKind::kDirectory;
  if (S_ISSOCK(mode)) return FileKind::kSocket;
  if (S_ISCHR(mode) || S_ISBLK(mode)) return FileKind::kDevice;
  return FileKind::kOther;
}

}  // namespace

FileFacts look_at(const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) return {};
  struct statfs filesystem{};
  const bool known = ::statfs(path.c_str(), &filesystem) == 0;
  return {
      .kind = kind_of(found.st_mode),
      .mode = found.st_mode & 07777U,
      .user = found.st_uid,
      .group = found.st_gid,
      .in_memory = known && (filesystem.f_type == TMPFS_MAGIC || filesystem.f_type == RAMFS_MAGIC)};
}

}  // namespace vss::platform
