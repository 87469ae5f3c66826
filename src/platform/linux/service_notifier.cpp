#include "platform/service_notifier.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace vss::platform {
namespace {

std::string take_from_environment(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

// "/path", or "@name" for the abstract namespace.
base::UniqueFd connect_datagram(const std::string& where) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (where.empty() || where.size() >= sizeof address.sun_path) return {};
  std::memcpy(address.sun_path, where.data(), where.size());
  if (where.front() == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + where.size());
  base::UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return {};
  return socket;
}

}  // namespace

ServiceNotifier::ServiceNotifier()
    : socket_(connect_datagram(take_from_environment("NOTIFY_SOCKET"))) {
  const std::string microseconds = take_from_environment("WATCHDOG_USEC");
  const std::string process = take_from_environment("WATCHDOG_PID");
  if (!process.empty() && process != std::to_string(::getpid())) return;
  std::int64_t value = 0;
  const char* end = microseconds.data() + microseconds.size();
  const auto parsed = std::from_chars(microseconds.data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end || value <= 0) return;
  alive_interval_ = std::chrono::microseconds{value} / 2;
}

void ServiceNotifier::send(std::string_view state) {
  if (!socket_) return;
  [[maybe_unused]] const auto sent =
      ::send(socket_.get(), state.data(), state.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace vss::platform
