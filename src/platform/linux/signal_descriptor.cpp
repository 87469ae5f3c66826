#include "platform/signal_descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace vss::platform {

bool make_signal_descriptor(int fd) {
  std::array<char, 64> target{};
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length < 0) return false;
  const std::string_view name(target.data(), static_cast<std::size_t>(length));
  if (!name.starts_with("anon_inode:[eventfd")) return false;
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

// The other process shares the open file, and may take O_NONBLOCK off again.
void give_signal(int fd) {
  pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, 0) != 1) return;  // full: it is a signal already
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t ignored = ::write(fd, &one, sizeof one);
}

void clear_signal(int fd) {
  std::uint64_t count = 0;
  iovec to{.iov_base = &count, .iov_len = sizeof count};
  [[maybe_unused]] const ssize_t ignored = ::preadv2(fd, &to, 1, -1, RWF_NOWAIT);
}

bool cannot_shrink(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
}

}  // namespace vss::platform
