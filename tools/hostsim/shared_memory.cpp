#include "hostsim/shared_memory.hpp"

#include <sys/mman.h>

namespace hostsim {

Result<SharedMemory> SharedMemory::map(int fd, std::size_t size) {
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return system_failure("mmap");
  SharedMemory memory;
  memory.bytes_ = {static_cast<std::uint8_t*>(at), size};
  return memory;
}

SharedMemory::~SharedMemory() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace hostsim
