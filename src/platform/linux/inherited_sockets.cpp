#include "platform/inherited_sockets.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <sstream>

namespace vss::platform {
namespace {

constexpr int kFirst = 3;

std::string take_from_environment(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

int option_of(int socket, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

}  // namespace

base::Result<std::map<std::string, base::UniqueFd>> inherited_sockets() {
  const std::string process = take_from_environment("LISTEN_PID");
  const std::string count_text = take_from_environment("LISTEN_FDS");
  std::istringstream names(take_from_environment("LISTEN_FDNAMES"));
  std::map<std::string, base::UniqueFd> sockets;
  if (process != std::to_string(::getpid())) return sockets;
  int count = 0;
  std::from_chars(count_text.data(), count_text.data() + count_text.size(), count);
  for (int fd = kFirst; fd < kFirst + count; ++fd) {
    std::string name;
    std::getline(names, name, ':');
    base::UniqueFd socket{fd};
    if (option_of(fd, SO_TYPE) != SOCK_SEQPACKET || option_of(fd, SO_ACCEPTCONN) != 1) {
      return base::fail_usage("the service manager's socket '" + name +
                              "' is no listening SOCK_SEQPACKET socket (ListenSequentialPacket=)");
    }
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    sockets[name] = std::move(socket);
  }
  return sockets;
}

}  // namespace vss::platform
