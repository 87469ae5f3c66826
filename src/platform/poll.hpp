// Waiting for several descriptors until a deadline: the loop of freezer and guardian.
#pragma once

#include <span>

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

struct PollEntry {
  int fd = -1;              // -1: ignored
  bool want_write = false;  // reading is always waited for
  bool readable = false;    // also: an error, or the other end is gone
  bool writable = false;
};

// Returns when a descriptor is ready or `deadline` has come (CLOCK_BOOTTIME), whichever is first;
// sets the flags. Freeze-safe; at most 16 entries.
void wait_until(std::span<PollEntry> entries, base::Instant deadline);

// SIGTERM, SIGINT and SIGHUP as a readable descriptor, blocked from now on for all threads started
// later; SIGPIPE is ignored. Call before threads start.
base::Result<base::UniqueFd> take_stop_signals();
// The number of the signal that came, or 0.
int taken_signal(int descriptor);

}  // namespace vss::platform
