#include "platform/service_notifier.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "platform/clock.hpp"
#include "platform/linux/environment.hpp"
#include "platform/poll.hpp"
#include "platform/socket.hpp"

namespace vss::platform {
namespace {

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

base::Status ServiceNotifier::keep(const std::string& name, std::span<const int> descriptors) {
  if (!socket_) {
    return base::fail("there is no service manager to keep descriptors (NOTIFY_SOCKET is not set)",
                      0, base::ErrorKind::kPrerequisite);
  }
  const base::Instant by = now() + kStorePatience;
  for (const int descriptor : descriptors) {
    if (!send_surely("FDSTORE=1\nFDPOLL=0\nFDNAME=" + name, {&descriptor, 1}, by)) break;
  }
  return wait_until_done(by);
}

base::Status ServiceNotifier::forget(const std::string& name) {
  if (!socket_) return {};
  const base::Instant by = now() + kStorePatience;
  send_surely("FDSTOREREMOVE=1\nFDNAME=" + name, {}, by);
  return wait_until_done(by);
}

// False: the manager does not read, or is gone.
bool ServiceNotifier::send_surely(const std::string& state, std::span<const int> descriptors,
                                  base::Instant by) {
  for (;;) {
    const IoOutcome sent = send_packet(socket_.get(), std::as_bytes(std::span(state)), descriptors);
    if (sent != IoOutcome::kWouldBlock || now() >= by) return sent == IoOutcome::kDone;
    PollEntry entry{.fd = socket_.get(), .want_write = true};
    wait_until({&entry, 1}, by);
  }
}

// It takes messages in their order, and closes the descriptor that comes with this one.
base::Status ServiceNotifier::wait_until_done(base::Instant by) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return base::fail(std::string("cannot make a pipe: ") + std::strerror(errno), errno);
  }
  PollEntry entry{.fd = ends[0]};
  const base::UniqueFd reading{ends[0]};
  base::UniqueFd writing{ends[1]};
  const int end = writing.get();
  const bool sent = send_surely("BARRIER=1", {&end, 1}, by);
  writing.reset();
  if (sent) wait_until({&entry, 1}, by);
  if (sent && entry.readable) return {};
  return base::fail("the service manager does not answer (NOTIFY_SOCKET; NotifyAccess=exec)");
}

}  // namespace vss::platform
