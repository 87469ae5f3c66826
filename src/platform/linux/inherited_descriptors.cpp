#include "platform/inherited_descriptors.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <sstream>

#include "platform/linux/environment.hpp"

namespace vss::platform {
namespace {

constexpr int kFirst = 3;

int option_of(int socket, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool is_listening(int fd) {
  return option_of(fd, SO_TYPE) == SOCK_SEQPACKET && option_of(fd, SO_ACCEPTCONN) == 1;
}

bool is_device(int fd) {
  struct stat info{};
  return ::fstat(fd, &info) == 0 && S_ISCHR(info.st_mode);
}

}  // namespace

base::Result<InheritedDescriptors> inherited_descriptors() {
  const std::string process = take_from_environment("LISTEN_PID");
  const std::string count_text = take_from_environment("LISTEN_FDS");
  std::istringstream names(take_from_environment("LISTEN_FDNAMES"));
  InheritedDescriptors inherited;
  if (process != std::to_string(::getpid())) return inherited;
  int count = 0;
  std::from_chars(count_text.data(), count_text.data() + count_text.size(), count);
  for (int number = kFirst; number < kFirst + count; ++number) {
    std::string name;
    std::getline(names, name, ':');
    base::UniqueFd fd{number};
    ::fcntl(number, F_SETFD, FD_CLOEXEC);
    ::fcntl(number, F_SETFL, ::fcntl(number, F_GETFL) | O_NONBLOCK);
    if (is_listening(number)) {
      inherited.sockets[name] = std::move(fd);
    } else if (is_device(number)) {
      inherited.devices[name].push_back(std::move(fd));
    } else {
      return base::fail_usage("what the service manager hands over as '" + name +
                              "' is no listening SOCK_SEQPACKET socket (ListenSequentialPacket=) "
                              "and no device");
    }
  }
  return inherited;
}

}  // namespace vss::platform
