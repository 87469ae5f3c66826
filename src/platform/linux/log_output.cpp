#include "platform/log_output.hpp"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vss::platform {

LogWrite write_log_line(int fd, std::string_view line) {
  ssize_t written = ::send(fd, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (written < 0 && errno == ENOTSOCK) {
    pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, 0) == 0) return LogWrite::kWouldBlock;
    written = ::write(fd, line.data(), line.size());
  }
  if (written >= 0) return LogWrite::kDone;
  const bool full = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS;
  return full ? LogWrite::kWouldBlock : LogWrite::kBroken;
}

}  // namespace vss::platform
