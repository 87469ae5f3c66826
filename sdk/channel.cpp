#include "channel.hpp"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

namespace vss::sdk {
namespace {

// Takes the first descriptor that came along and closes any other.
base::UniqueFd take_descriptors(msghdr& message) {
  base::UniqueFd taken;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(header) + i * sizeof descriptor, sizeof descriptor);
      base::UniqueFd owned(descriptor);
      if (!taken) taken = std::move(owned);
    }
  }
  return taken;
}

}  // namespace

int connect_to(std::string_view path, base::UniqueFd& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return -ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());
  base::UniqueFd fresh(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fresh) return -errno;
  if (::connect(fresh.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return -errno;
  }
  socket = std::move(fresh);
  return 0;
}

int send_frame(int socket, std::span<const std::byte> frame) {
  for (;;) {
    if (::send(socket, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return 0;
    if (errno != EINTR) return -errno;
  }
}

int receive_frame(int socket, std::span<std::byte> buffer, ReceivedFrame& frame) {
  iovec io{buffer.data(), buffer.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &io;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return errno == ECONNRESET ? 0 : -errno;
  frame.descriptor = take_descriptors(message);
  if (size == 0) return 0;  // a frame is never empty
  if ((message.msg_flags & MSG_TRUNC) != 0) return -EMSGSIZE;
  frame.bytes = buffer.first(static_cast<std::size_t>(size));
  return 1;
}

}  // namespace vss::sdk
