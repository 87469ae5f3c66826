// One small file, read whole or replaced whole. Opens by path and syncs: not freeze-safe.
#pragma once

#include <string>

#include "base/result.hpp"

namespace vss::records {

// A regular file of at most `bytes_max` bytes; never follows a link, never waits (no FIFO).
base::Result<std::string> read_whole(const std::string& path, std::size_t bytes_max);

// After a crash at any moment the file is as before or as after: a new file is written, synced and
// renamed, and the directory synced. On error nothing is left behind.
base::Status replace_whole(const std::string& directory, const std::string& name,
                           const std::string& text);

}  // namespace vss::records
