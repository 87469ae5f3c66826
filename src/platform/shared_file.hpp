// A small file on tmpfs that several processes map.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

// A MAP_SHARED mapping; unmaps on destruction. Move-only.
class SharedMapping {
 public:
  SharedMapping() = default;
  SharedMapping(SharedMapping&& other) noexcept;
  SharedMapping& operator=(SharedMapping&& other) noexcept;
  ~SharedMapping();

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  friend base::Result<SharedMapping> map_shared(int, std::size_t, bool);
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Opens `path` for reading and writing, makes it with `mode` where it is missing, and gives it all
// its pages now (a full tmpfs is an error here, not a SIGBUS later). Refuses what is no regular
// file or belongs to another user. `made` says whether it is new. Not freeze-safe.
struct SharedFile {
  base::UniqueFd fd;
  bool made = false;
};
base::Result<SharedFile> open_shared_file(const std::string& path, std::size_t size, mode_t mode);

// The same file again, for reading only: to be given to others. Not freeze-safe.
base::Result<base::UniqueFd> open_for_reading(const std::string& path);

// Maps the first `size` bytes, all pages present. Refuses a shorter file.
base::Result<SharedMapping> map_shared(int fd, std::size_t size, bool writable);

// An exclusive lock that belongs to this descriptor and its copies (flock). False: another has it.
bool try_lock(int fd);

}  // namespace vss::platform
