// Open descriptors of /dev/cuse: each is the right to make one device node, of any name.
#pragma once

#include <cstddef>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

// Non-blocking. Not freeze-safe: opens by path. Errors say what is missing: the module, or the
// right to open the kernel's device.
base::Result<base::UniqueFd> open_cuse();

// The right to make devices of fixed names, for as long as the descriptor is open: an exclusive
// lock on /dev/cuse itself. Whoever makes such devices needs that file open, wherever its own files
// are. Never waits. os_errno is EWOULDBLOCK where another process holds it.
base::Status lock_cuse(int cuse);

// What vss-hand-in-devices opens for a vssd that may not, and the name under which the service
// manager keeps it in between: one for each of the two nodes, one for the lock.
inline constexpr const char* kHandedInCuse = "cuse";
inline constexpr std::size_t kHandedInCuseCount = 3;

}  // namespace vss::platform
