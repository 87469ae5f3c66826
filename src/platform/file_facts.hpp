// What lies at a path, for who examines the machine. Not freeze-safe: looks up by path; it writes
// nothing, so that a frozen filesystem does not hold it up.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace vss::platform {

enum class FileKind : std::uint8_t { kAbsent, kFile, kDirectory, kSocket, kDevice, kOther };

struct FileFacts {
  FileKind kind = FileKind::kAbsent;  // also: it may not be seen
  mode_t mode = 0;                    // permission bits
  uid_t user = 0;
  gid_t group = 0;
  bool in_memory = false;  // tmpfs or ramfs
};

// Does not follow a symbolic link.
FileFacts look_at(const std::string& path);

}  // namespace vss::platform
