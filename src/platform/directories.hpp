// What vssd sets up inside the runtime directory (runtime_directory.hpp makes that one).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

// Nothing here is freeze-safe: all of it opens by path, while setting up.

// Makes the directory (its parent must exist) or takes one that is there, and gives it mode and
// owner where the caller is root. Refuses what is no directory, a symbolic link, and a directory
// that belongs to neither root nor the caller.
struct DirectoryOwner {
  std::optional<uid_t> user;
  std::optional<gid_t> group;
};
base::Status make_directory(const std::string& path, mode_t mode, const DirectoryOwner& owner);

// Gives a file (a socket, a note) to a group; the user stays where none is named. Root only.
base::Status give_to(const std::string& path, const DirectoryOwner& owner);

// An exclusive lock on a directory for as long as the descriptor is open. The error is kFailed and
// says that another instance runs there.
base::Result<base::UniqueFd> lock_directory(const std::string& path);

}  // namespace vss::platform
