#include "platform/socket.hpp"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace vss::platform {
namespace {

constexpr int kSocketFlags = SOCK_SEQPACKET | SOCK_CLOEXEC;

base::Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return base::fail_usage(
        "socket path '" + path + "' must have 1 to " + std::to_string(sizeof address.sun_path - 1) +
        " bytes; choose a shorter path (of --runtime-dir, where it lies in there)");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

base::Result<base::UniqueFd> new_socket(int extra_flags) {
  base::UniqueFd fd{::socket(AF_UNIX, kSocketFlags | extra_flags, 0)};
  if (!fd) return base::fail(std::string("cannot make a socket: ") + std::strerror(errno), errno);
  return fd;
}

std::unexpected<base::Error> path_error(const char* verb, const std::string& path, int error) {
  return base::fail(std::string("cannot ") + verb + " " + path + ": " + std::strerror(error),
                    error);
}

}  // namespace

base::Result<base::UniqueFd> connect_to(const std::string& path) {
  auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  auto fd = new_socket(SOCK_NONBLOCK);
  if (!fd) return fd;
  if (::connect(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return path_error("connect to", path, errno);
  }
  return fd;
}

base::Result<base::UniqueFd> listen_at(const std::string& path, mode_t mode) {
  auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  if (auto other = connect_to(path)) {
    return base::fail("cannot listen at " + path +
                          ": another instance is listening there; stop it " +
                          "or choose another --runtime-dir",
                      EADDRINUSE);
  } else if (other.error().os_errno == ECONNREFUSED) {
    ::unlink(path.c_str());
  }
  auto fd = new_socket(SOCK_NONBLOCK);
  if (!fd) return fd;
  if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return path_error("bind", path, errno);
  }
  // Nobody can connect before listen(2): the mode is right before the first connection.
  if (::chmod(path.c_str(), mode) != 0) return path_error("set the mode of", path, errno);
  if (::listen(fd->get(), SOMAXCONN) != 0) return path_error("listen at", path, errno);
  return fd;
}

base::Result<std::pair<base::UniqueFd, base::UniqueFd>> socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, kSocketFlags | SOCK_NONBLOCK, 0, ends) != 0) {
    return base::fail(std::string("cannot make a socket pair: ") + std::strerror(errno), errno);
  }
  return std::pair{base::UniqueFd{ends[0]}, base::UniqueFd{ends[1]}};
}

base::Result<base::UniqueFd> accept_one(int listener) {
  base::UniqueFd fd{::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!fd) return base::fail("accept failed", errno);
  return fd;
}

base::Result<PeerCredentials> peer_credentials(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return base::fail("cannot read the peer's credentials", errno);
  }
  return PeerCredentials{peer.pid, peer.uid, peer.gid};
}

IoOutcome send_packet(int socket, std::span<const std::byte> packet,
                      std::span<const int> descriptors) {
  iovec io{const_cast<std::byte*>(packet.data()), packet.size()};
  msghdr message{};
  message.msg_iov = &io;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kPacketDescriptorsMax)] = {};
  if (!descriptors.empty()) {
    VSS_ASSERT(descriptors.size() <= kPacketDescriptorsMax);
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  for (;;) {
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return IoOutcome::kDone;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return IoOutcome::kWouldBlock;
    return errno == EMSGSIZE ? IoOutcome::kTooLong : IoOutcome::kClosed;
  }
}

IoOutcome receive_packet(int socket, std::span<std::byte> buffer, ReceivedPacket& packet) {
  packet.descriptors.clear();
  iovec io{buffer.data(), buffer.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kPacketDescriptorsMax)] = {};
  msghdr message{};
  message.msg_iov = &io;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) {
    return errno == EAGAIN || errno == EWOULDBLOCK ? IoOutcome::kWouldBlock : IoOutcome::kClosed;
  }
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      if (!packet.descriptors.push_back(fd)) ::close(fd);
    }
  }
  if (size == 0) return IoOutcome::kClosed;  // our frames are never empty
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    for (const int fd : packet.descriptors)
      ::close(fd);
    packet.descriptors.clear();
    return IoOutcome::kTooLong;
  }
  packet.bytes = buffer.first(static_cast<std::size_t>(size));
  return IoOutcome::kDone;
}

}  // namespace vss::platform
