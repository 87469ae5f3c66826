// Memory that host and guest share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "hostsim/result.hpp"

namespace hostsim {

// Unmaps at its end.
class SharedMemory {
 public:
  static Result<SharedMemory> map(int fd, std::size_t size);
  SharedMemory() = default;
  SharedMemory(SharedMemory&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory();

  std::span<std::uint8_t> bytes() const { return bytes_; }

 private:
  std::span<std::uint8_t> bytes_;
};

}  // namespace hostsim
