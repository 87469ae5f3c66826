#include "platform/mount_table.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace vss::platform {
namespace {

// A table that changes during every one of these readings is not read: a busy one settles within
// two.
constexpr int kReadingsMax = 16;
constexpr std::size_t kFirstBytes = 16UL << 10;

}  // namespace

MountTableFile::MountTableFile(base::UniqueFd fd, std::string path, std::size_t bytes)
    : fd_(std::move(fd)), path_(std::move(path)), buffer_(bytes) {}

base::Result<MountTableFile> MountTableFile::open(const std::string& path, std::size_t bytes) {
  base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat found{};
  if (!fd || ::fstat(fd.get(), &found) != 0) {
    const int error = errno;
    return base::fail("cannot open mount table " + path + ": " + ::strerrordesc_np(error), error);
  }
  // Of /proc too; a FIFO would make the reader wait.
  if (!S_ISREG(found.st_mode))
    return base::fail(path + " is no mount table: it is no file", EINVAL);
  return MountTableFile(std::move(fd), path, bytes);
}

base::Result<std::string_view> MountTableFile::read() {
  return read(buffer_);
}

base::Result<std::string_view> MountTableFile::read(std::vector<char>& buffer) {
  for (int reading = 0; reading < kReadingsMax; ++reading) {
    // The kernel reports a change once: what is reported before the reading is none during it.
    auto known = changed(std::chrono::milliseconds(0));
    if (!known) return std::unexpected(known.error());
    auto text = read_once(buffer);
    if (!text) return text;
    auto meanwhile = changed(std::chrono::milliseconds(0));
    if (!meanwhile) return std::unexpected(meanwhile.error());
    if (!*meanwhile) return text;
  }
  return base::fail(path_ + " changes faster than it can be read", EAGAIN);
}

base::Result<std::string_view> MountTableFile::read_once(std::vector<char>& buffer) {
  std::size_t size = 0;
  while (true) {
    if (size == buffer.size()) {
      if (size >= kMountTableBytesMax) return base::fail(path_ + " is too long", EFBIG);
      buffer.resize(std::min(std::max(2 * size, kFirstBytes), kMountTableBytesMax));
    }
    const ssize_t got =
        ::pread(fd_.get(), buffer.data() + size, buffer.size() - size, static_cast<off_t>(size));
    if (got == 0) return std::string_view(buffer.data(), size);
    if (got > 0) {
      size += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      const int error = errno;
      return base::fail("cannot read " + path_ + ": " + ::strerrordesc_np(error), error);
    }
  }
}

base::Result<bool> MountTableFile::changed(std::chrono::milliseconds timeout) {
  pollfd look{.fd = fd_.get(), .events = POLLPRI, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&look, 1, static_cast<int>(timeout.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) {
    const int error = errno;
    return base::fail("cannot poll " + path_ + ": " + ::strerrordesc_np(error), error);
  }
  return (look.revents & POLLPRI) != 0;
}

}  // namespace vss::platform
