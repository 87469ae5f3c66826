// Keeping a process's memory resident, so that nothing it does while filesystems are frozen waits
// for a disk.
#pragma once

#include <cstddef>

#include "base/result.hpp"

namespace vss::platform {

// Makes malloc neither give memory back nor map separately, touches `heap_bytes` of heap and
// `stack_bytes` of the calling thread's stack, locks all present and future pages. Call it before
// threads start. In sanitizer builds only malloc is set. kPrerequisite: locking is not permitted
// (the rest is done). Not freeze-safe.
base::Status keep_memory_resident(std::size_t heap_bytes, std::size_t stack_bytes);

// PR_SET_IO_FLUSHER: memory allocated on behalf of this process (and of threads it starts from now
// on) never waits for file system writeback. False where it is not permitted (CAP_SYS_RESOURCE).
bool become_io_flusher();

// Touches `bytes` of the calling thread's stack below the caller. Freeze-safe.
void touch_stack(std::size_t bytes);

// What malloc has given out and not taken back; 0 where its replacement (a sanitizer's) does not
// say. Freeze-safe.
std::size_t heap_bytes_in_use();

}  // namespace vss::platform
