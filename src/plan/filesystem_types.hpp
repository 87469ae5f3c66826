// What a filesystem's type says about freezing it, before anything else is known.
#pragma once

#include <cstdint>
#include <string_view>

#include "plan/mount_table.hpp"

namespace vss::plan {

enum class TypeClass : std::uint8_t {
  kFreezable,    // the kernel's driver answers FIFREEZE
  kUnfreezable,  // local and persistent; FIFREEZE says EOPNOTSUPP
  kZfs,          // copy on write, always consistent by itself; FIFREEZE says EOPNOTSUPP
  kOverlay,      // what is written lies on the filesystem of its upper directory
  kMemory,       // nothing of it is on a disk
  kPseudo,       // the kernel's own files
  kRemote,       // another machine or the hypervisor stores it
  kServed,       // FUSE: a process answers; what it keeps locally lies on another filesystem
  kUnknown,
};

// Decided from the mount table alone; a dead server is never asked.
TypeClass classify_type(const Mount& mount);

}  // namespace vss::plan
