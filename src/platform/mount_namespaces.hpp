// The mount namespaces of this machine, as far as /proc shows them. Opens nothing but files of
// /proc, which never wait for a disk; not freeze-safe by the letter.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace vss::platform {

struct MountNamespace {
  static constexpr std::size_t kProcessesMax = 8;

  std::uint64_t id = 0;  // the namespace's inode
  // Some that are in it, never none: those whose root is the namespace's own first (a chrooted one
  // sees less), the lowest numbers first among each, for these live longest.
  std::vector<pid_t> processes;
};

struct MountNamespaces {
  std::vector<MountNamespace> found;  // by the lowest process of each
  std::size_t hidden = 0;             // processes that may not be looked at
};

// A process that ends meanwhile is left out.
base::Result<MountNamespaces> list_mount_namespaces(const std::string& proc = "/proc");

// The mount namespace of the process at `directory` ("/proc/812") belongs to the user namespace
// that this process is in. Any user can make one of which that is not so: it holds no mounts of
// block devices but those that were copied into it. Fails where it cannot be told, with errno.
base::Result<bool> shares_user_namespace(const std::string& directory);

// As the kernel cuts it; empty when it has ended.
std::string name_of_process(const std::string& directory);

// The process was there when it was listed, and `os_errno` is what its files say now: it may have
// ended meanwhile.
bool may_have_ended(int os_errno);

}  // namespace vss::platform
