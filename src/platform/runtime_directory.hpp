// The runtime directory: small files and sockets on tmpfs. Not freeze-safe: opens by path.
#pragma once

#include <string>

#include "base/result.hpp"

namespace vss::platform {

// Makes `path` (root:vss 0751 where the group exists) and `path`/freezer (0700) where they are
// missing; whoever of the service comes first as root does it. Refuses a relative path, a directory
// that is not on tmpfs or ramfs (a write there may wait for a frozen filesystem), and one that
// others may write to.
base::Status make_runtime_directory(const std::string& path);

// The checks alone. os_errno ENOENT: it does not exist.
base::Status check_runtime_directory(const std::string& path);

}  // namespace vss::platform
