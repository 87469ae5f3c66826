// What is frozen on this machine, whoever has frozen it: asked before vssd is told that nothing is.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "plan/mount_table.hpp"

namespace vss::operators {

// One filesystem that could be frozen, and the mounts by which it can be reached.
struct FreezableFilesystem {
  struct Place {
    std::string path;  // as it is opened
    std::uint32_t mount_id = 0;
  };
  std::string mount_point;  // as it is named: of its first mount
  std::vector<Place> places;
};

// The writable filesystems of a table whose type can be frozen, or is not known and lies on a
// device. `root` stands before each path that is opened. Pure.
std::vector<FreezableFilesystem> freezable_filesystems(const plan::MountTable& table,
                                                       std::string_view root);

// Returns when what writes to the filesystem need not wait. Called in a process of its own, which
// may not allocate.
using Attempt = std::function<void(const FreezableFilesystem&)>;

// The mount points of those for which `attempt` has not returned within `limit`, all together. What
// still sleeps then ends with the thaw. The error: a process cannot be made, so nothing is known.
base::Result<std::vector<std::string>> not_done_in_time(
    const std::vector<FreezableFilesystem>& filesystems, const Attempt& attempt,
    base::Duration limit);

// The mount points of all filesystems of the machine that are frozen now. Takes 2 s where there is
// one. One that no path leads to any more (hidden by another mount, umount -l) is not seen. Forks;
// reads /proc alone.
base::Result<std::vector<std::string>> frozen_mount_points();

}  // namespace vss::operators
