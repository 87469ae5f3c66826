// Reading a mount table, once opened, without opening anything again.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

inline constexpr std::size_t kMountTableBytesMax = 64UL << 20;

// One mount namespace's table (/proc/self/mountinfo, /proc/1/mountinfo). The descriptor stays with
// the namespace it was opened for, also when that process ends. One thread at a time.
class MountTableFile {
 public:
  // Opens, and takes memory for at least `bytes`. Not freeze-safe: opens by path.
  static base::Result<MountTableFile> open(const std::string& path, std::size_t bytes = 1UL << 20);

  // The table as of one moment: read again, some times, when it changes meanwhile. The text is
  // valid until the next read. Freeze-safe; allocates only past the memory it has, at most
  // kMountTableBytesMax.
  base::Result<std::string_view> read();

  // The same into memory that several tables share: the text is valid until that is used again.
  base::Result<std::string_view> read(std::vector<char>& buffer);

  // Waits at most `timeout` (0: looks) for a change since the last read() or changed().
  // Freeze-safe.
  base::Result<bool> changed(std::chrono::milliseconds timeout);

  // To poll for POLLPRI together with others; after that, call changed() or read().
  int descriptor() const { return fd_.get(); }

 private:
  MountTableFile(base::UniqueFd fd, std::string path, std::size_t bytes);
  base::Result<std::string_view> read_once(std::vector<char>& buffer);

  base::UniqueFd fd_;
  std::string path_;
  std::vector<char> buffer_;
};

}  // namespace vss::platform
