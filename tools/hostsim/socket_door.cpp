#include "hostsim/socket_door.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>

#include "hostsim/socket_carrier.hpp"

namespace hostsim {
namespace {

constexpr int kBacklog = 4;
constexpr mode_t kMode = 0666;  // the guest need not be root

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

UniqueFd new_socket() {
  return UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// Removes what a host that is gone has left behind.
Result<void> remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) {
    return failure(path + " is there and is no socket: name another path with --listen");
  }
  const UniqueFd probe = new_socket();
  if (!probe.valid()) return system_failure("socket");
  if (::connect(probe.get(), generic(address), sizeof(address)) == 0 || errno != ECONNREFUSED) {
    return failure("somebody listens on " + path +
                   " already: stop that host, or name another path with --listen");
  }
  if (::unlink(path.c_str()) != 0) return system_failure("cannot remove the old " + path);
  return {};
}

}  // namespace

Result<std::unique_ptr<SocketDoor>> SocketDoor::open(const std::string& path,
                                                     std::uint32_t ring_bytes) {
  const sockaddr_un address = address_of(path.size() < sizeof(address.sun_path) ? path : "");
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return failure("'" + path + "' is no path for a socket: give 1 to 107 bytes");
  }
  if (auto removed = remove_stale(path, address); !removed) {
    return std::unexpected(removed.error());
  }
  UniqueFd fd = new_socket();
  if (!fd.valid()) return system_failure("socket");
  if (::bind(fd.get(), generic(address), sizeof(address)) != 0) {
    return system_failure("cannot make the socket " + path);
  }
  std::unique_ptr<SocketDoor> door(new SocketDoor(std::move(fd), path, ring_bytes));
  if (::chmod(path.c_str(), kMode) != 0) return system_failure("chmod " + path);
  if (::listen(door->fd(), kBacklog) != 0) return system_failure("listen on " + path);
  return door;
}

SocketDoor::~SocketDoor() {
  ::unlink(path_.c_str());
}

Result<std::unique_ptr<Carrier>> SocketDoor::accept() {
  UniqueFd socket(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.valid()) {
    const bool nobody = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    if (!nobody) return system_failure("accept");
    return nullptr;
  }
  auto carrier = SocketCarrier::open(std::move(socket), ring_bytes_);
  // It may have connected long ago, and died since.
  if (!carrier || (*carrier)->guest_closed()) return nullptr;
  return carrier;
}

}  // namespace hostsim
