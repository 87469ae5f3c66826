// How long a filesystem stands still for a program that writes to it: measured by a process of its
// own, which sleeps in the kernel for as long as the filesystem is frozen.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "platform/helper_process.hpp"

namespace vss::platform {

struct Stall {
  base::Duration longest{0};  // between the ends of two writes that follow each other
  std::uint64_t writes = 0;
};

// Writes one byte a millisecond, over and over, to a file without a name in the root of a mount;
// the file is gone with the process, which dies with its parent. The parent touches no file.
class StallProbe {
 public:
  // Forks: before anything is frozen, memory locked and threads started. Returns when the first
  // write is done; an error: why this filesystem cannot be measured. Waits at most `limit` (a dead
  // disk).
  static base::Result<StallProbe> start(const std::string& mount_point, std::uint32_t mount_id,
                                        base::Duration limit);

  // Ends it. An error: it has not answered until then, so that the filesystem is still frozen.
  base::Result<Stall> finish(base::Instant until);

 private:
  explicit StallProbe(HelperProcess helper) : helper_(std::move(helper)) {}

  HelperProcess helper_;
};

}  // namespace vss::platform
