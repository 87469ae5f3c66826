// All processes of this machine, as far as /proc shows them: for operators' tools. Nothing here is
// freeze-safe; it opens nothing but files of /proc, which never wait for a disk.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vss::platform {

struct ProcessEntry {
  pid_t id = 0;
  std::string name;  // as the kernel cuts it: at most 15 bytes
  uid_t user = 0;    // effective
  std::uint64_t locked_bytes = 0;
  // It sleeps uninterruptibly where the kernel keeps who writes to what is frozen. The kernel tells
  // root only, and keeps a few others there too, for moments.
  bool waits_for_thaw = false;
};

// In ascending order of ids; one that ends meanwhile is left out. Kernel threads are not among
// them.
std::vector<ProcessEntry> list_processes(const std::string& proc = "/proc");

// Which processes have `path` (as it was opened) open. Nothing: the caller is not root, so that it
// would see only its own.
std::optional<std::vector<pid_t>> processes_that_opened(const std::string& path,
                                                        const std::string& proc = "/proc");

}  // namespace vss::platform
