// The mount namespaces of this machine, as far as /proc shows them: one process of each. Opens
// nothing but files of /proc, which never wait for a disk; not freeze-safe by the letter.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace vss::platform {

struct MountNamespace {
  std::uint64_t id = 0;  // the namespace's inode
  pid_t process = 0;     // the one with the lowest number in it
  std::string name;      // of that process, as the kernel cuts it
};

// In ascending order of processes. A process that ends meanwhile is left out. Fails when one may
// not be looked at: then nobody can tell whether its namespace is known.
base::Result<std::vector<MountNamespace>> list_mount_namespaces(const std::string& proc = "/proc");

}  // namespace vss::platform
