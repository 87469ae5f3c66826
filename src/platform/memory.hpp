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

// Takes the unused end of the heap for a moment, so that a fork does not copy its page tables: of
// resident memory they are most of what a fork and the end of the child cost. The child has only a
// little heap then. Not freeze-safe; one at a time.
class UnforkedHeap {
 public:
  UnforkedHeap();
  ~UnforkedHeap();
  UnforkedHeap(const UnforkedHeap&) = delete;
  UnforkedHeap& operator=(const UnforkedHeap&) = delete;

  std::size_t bytes() const { return size_; }

 private:
  void* block_ = nullptr;
  void* pages_ = nullptr;  // those that lie wholly in the block
  std::size_t size_ = 0;
};

// PR_SET_IO_FLUSHER: memory allocated on behalf of this process (and of threads it starts from now
// on) never waits for file system writeback. False where it is not permitted (CAP_SYS_RESOURCE).
bool become_io_flusher();

// Touches `bytes` of the calling thread's stack below the caller. Freeze-safe.
void touch_stack(std::size_t bytes);

// What malloc has given out and not taken back; 0 where its replacement (a sanitizer's) does not
// say. Freeze-safe.
std::size_t heap_bytes_in_use();

}  // namespace vss::platform
