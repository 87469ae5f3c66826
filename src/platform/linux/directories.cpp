#include "platform/directories.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace vss::platform {
namespace {

std::unexpected<base::Error> path_error(const char* verb, const std::string& path, int error) {
  return base::fail(std::string("cannot ") + verb + " " + path + ": " + std::strerror(error),
                    error);
}

constexpr uid_t kKeep = static_cast<uid_t>(-1);

// One that is there is not written to: not even mkdir(2) may be tried on a frozen filesystem.
base::UniqueFd open_directory(const std::string& path) {
  return base::UniqueFd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
}

base::Status set_mode(int fd, const struct stat& status, mode_t mode, const std::string& path) {
  if ((status.st_mode & 07777) == mode || ::fchmod(fd, mode) == 0) return {};
  return path_error("set the mode of", path, errno);
}

base::Status set_owner(int fd, const struct stat& status, const DirectoryOwner& owner,
                       const std::string& path) {
  const uid_t user = owner.user.value_or(0);
  const gid_t group = owner.group.value_or(0);
  if (status.st_uid == user && status.st_gid == group) return {};
  if (::fchown(fd, user, group) == 0) return {};
  return path_error("change the owner of", path, errno);
}

}  // namespace

base::Status make_directory(const std::string& path, mode_t mode, const DirectoryOwner& owner) {
  base::UniqueFd fd = open_directory(path);
  if (!fd && errno == ENOENT) {
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return path_error("make", path, errno);
    fd = open_directory(path);
  }
  if (!fd) return path_error("use the directory", path, errno);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return path_error("look at", path, errno);
  const bool ours = status.st_uid == 0 || status.st_uid == ::geteuid() ||
                    status.st_uid == owner.user.value_or(::geteuid());
  if (!ours) {
    return base::fail(path + " belongs to user " + std::to_string(status.st_uid) +
                      "; remove it or choose another --runtime-dir");
  }
  if (::geteuid() != 0) {
    return status.st_uid == ::geteuid() ? set_mode(fd.get(), status, mode, path) : base::Status{};
  }
  if (auto owned = set_owner(fd.get(), status, owner, path); !owned) return owned;
  return set_mode(fd.get(), status, mode, path);
}

base::Status give_to(const std::string& path, const DirectoryOwner& owner) {
  if (::lchown(path.c_str(), owner.user.value_or(kKeep), owner.group.value_or(kKeep)) != 0) {
    return path_error("change the owner of", path, errno);
  }
  return {};
}

base::Result<base::UniqueFd> lock_directory(const std::string& path) {
  base::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) return path_error("open", path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return path_error("lock", path, errno);
    return base::fail(
        "another vssd runs with " + path + "; stop it or choose another --runtime-dir",
        EWOULDBLOCK);
  }
  return fd;
}

}  // namespace vss::platform
