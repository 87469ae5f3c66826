#include "platform/memory.hpp"

#include <alloca.h>
#include <errno.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

namespace vss::platform {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kLeftToChild = 64UL << 10U;

void touch(volatile char* at, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += kPage)
    at[i] = 0;
}

}  // namespace

void touch_stack(std::size_t bytes) {
  touch(static_cast<volatile char*>(::alloca(bytes)), bytes);
}

base::Status keep_memory_resident(std::size_t heap_bytes, std::size_t stack_bytes) {
  ::mallopt(M_TRIM_THRESHOLD, -1);
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_ARENA_MAX, 1);
#ifdef OPENVSS_SANITIZED
  static_cast<void>(heap_bytes);
  static_cast<void>(stack_bytes);
  return {};
#else
  if (void* const heap = std::malloc(heap_bytes)) {
    touch(static_cast<volatile char*>(heap), heap_bytes);
    std::free(heap);
  }
  touch_stack(stack_bytes);
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) == 0) return {};
  return base::fail(std::string("cannot lock memory: ") + std::strerror(errno) +
                        "; run as root, or raise RLIMIT_MEMLOCK (LimitMEMLOCK=infinity)",
                    errno, base::ErrorKind::kPrerequisite);
#endif
}

UnforkedHeap::UnforkedHeap() {
  const std::size_t unused = ::mallinfo2().keepcost;  // 0 under a sanitizer
  if (unused <= 2 * kLeftToChild) return;
  std::size_t space = unused - kLeftToChild;
  block_ = std::malloc(space);
  pages_ = block_;
  if (block_ == nullptr || std::align(kPage, kPage, pages_, space) == nullptr) return;
  space -= space % kPage;
  if (::madvise(pages_, space, MADV_DONTFORK) == 0) size_ = space;
}

UnforkedHeap::~UnforkedHeap() {
  if (size_ > 0) ::madvise(pages_, size_, MADV_DOFORK);
  std::free(block_);
}

bool become_io_flusher() {
  return ::prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) == 0;
}

std::size_t heap_bytes_in_use() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace vss::platform
