#include "platform/runtime_directory.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/runtime_paths.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {
namespace {

constexpr mode_t kDirectoryMode = 0751;
constexpr mode_t kPrivateMode = 0700;

std::unexpected<base::Error> failed(const char* verb, const std::string& path, int error) {
  return base::fail(std::string("cannot ") + verb + " " + path + ": " + std::strerror(error),
                    error);
}

std::string read_small_file(const char* path) {
  const base::UniqueFd fd{::open(path, O_RDONLY | O_CLOEXEC)};
  std::string text;
  std::array<char, 4096> piece;
  for (ssize_t size = 0; fd && (size = ::read(fd.get(), piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text;
}

// Looks into /etc/group itself: a static program has no name service.
std::optional<gid_t> service_group() {
  const std::string groups = "\n" + read_small_file("/etc/group");
  const auto line = groups.find("\nvss:");
  if (line == std::string::npos) return std::nullopt;
  const auto number = groups.find(':', line + 5);
  gid_t group = 0;
  if (number == std::string::npos ||
      std::from_chars(groups.data() + number + 1, groups.data() + groups.size(), group).ec !=
          std::errc{}) {
    return std::nullopt;
  }
  return group;
}

base::Status make_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0) {
    if (errno == EEXIST) return {};
    return failed("make the directory", path, errno);
  }
  // mkdir's mode went through the umask.
  if (::chmod(path.c_str(), mode) != 0) return failed("set the mode of", path, errno);
  return {};
}

base::Status check_owner(const std::string& path, mode_t forbidden) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return failed("examine", path, errno);
  if (!S_ISDIR(info.st_mode)) return base::fail(path + " is no directory", ENOTDIR);
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return base::fail("refusing " + path + ": it belongs to another user; remove it");
  }
  if ((info.st_mode & forbidden) != 0) {
    return base::fail("refusing " + path + ": others may write to it; chmod it");
  }
  return {};
}

}  // namespace

base::Status check_runtime_directory(const std::string& path) {
  if (path.empty() || path.front() != '/') {
    return base::fail_usage("--runtime-dir '" + path + "' must be an absolute path");
  }
  if (auto owner = check_owner(path, S_IWGRP | S_IWOTH); !owner) return owner;
  struct statfs filesystem{};
  if (::statfs(path.c_str(), &filesystem) != 0) return failed("examine", path, errno);
  const auto type = static_cast<unsigned long>(filesystem.f_type);
  if (type != TMPFS_MAGIC && type != RAMFS_MAGIC) {
    return base::fail("refusing the runtime directory " + path +
                          ": it is not on tmpfs or ramfs, so writing there could wait for a frozen "
                          "filesystem; choose another --runtime-dir, for example below /run",
                      0, base::ErrorKind::kPrerequisite);
  }
  return {};
}

base::Status make_runtime_directory(const std::string& path) {
  struct stat info{};
  const bool made = ::lstat(path.c_str(), &info) != 0;
  if (auto directory = make_directory(path, kDirectoryMode); !directory) return directory;
  if (auto checked = check_runtime_directory(path); !checked) {
    if (made) ::rmdir(path.c_str());
    return checked;
  }
  if (const auto group = service_group(); made && group && ::geteuid() == 0) {
    if (::chown(path.c_str(), 0, *group) != 0) return failed("chown", path, errno);
  }
  const std::string inner = path + "/" + base::runtime::kFreezerDirectory;
  if (auto directory = make_directory(inner, kPrivateMode); !directory) return directory;
  return check_owner(inner, S_IRWXG | S_IRWXO);
}

}  // namespace vss::platform
