#include "platform/stall_probe.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "platform/clock.hpp"
#include "platform/mount_identity.hpp"
#include "platform/poll.hpp"
#include "platform/socket.hpp"

namespace vss::platform {
namespace {

constexpr int kPauseMs = 1;

// What the child says, twice: after its first write, and at its end.
struct Report {
  int error = 0;
  Stall stall;
};

void send(int socket, const Report& report) {
  send_packet(socket, std::as_bytes(std::span(&report, 1)));
}

// 0 or errno. A file without a name: nothing is left, whatever happens to who made it.
int open_file(const char* mount_point, std::uint32_t mount_id, base::UniqueFd& file) {
  base::UniqueFd root;
  if (const int error = open_mount(mount_point, mount_id, root)) return error;
  file = base::UniqueFd(::openat(root.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  return file ? 0 : errno;
}

int write_byte(int file) {
  const char byte = 0;
  return ::pwrite(file, &byte, 1, 0) == 1 ? 0 : (errno != 0 ? errno : EIO);
}

// The parent asks by a word, or by closing its end. The word is taken: a socket that is closed with
// something unread in it takes back what it has sent.
bool asked_to_end(int socket) {
  pollfd entry{.fd = socket, .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, kPauseMs) <= 0) return false;
  char word = 0;
  return ::recv(socket, &word, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

// In the child.
void measure(int socket, const char* mount_point, std::uint32_t mount_id) {
  Report report;
  base::UniqueFd file;
  report.error = open_file(mount_point, mount_id, file);
  if (report.error == 0) report.error = write_byte(file.get());
  base::Instant last = now();  // before anybody knows: from here on every gap is seen
  send(socket, report);
  while (report.error == 0 && !asked_to_end(socket)) {
    report.error = write_byte(file.get());
    const base::Instant ended = now();
    report.stall.longest = std::max(report.stall.longest, ended - last);
    ++report.stall.writes;
    last = ended;
  }
  send(socket, report);
}

base::Result<Report> receive(int socket, base::Instant until, const char* silence) {
  PollEntry entry{.fd = socket};
  wait_until({&entry, 1}, until);
  Report report;
  ReceivedPacket packet;
  const auto outcome =
      receive_packet(socket, std::as_writable_bytes(std::span(&report, 1)), packet);
  if (outcome == IoOutcome::kWouldBlock) return base::fail(silence, ETIMEDOUT);
  if (outcome != IoOutcome::kDone || packet.bytes.size() != sizeof report) {
    return base::fail("the process that measures was killed", ECHILD);
  }
  return report;
}

std::string why_not(int error) {
  switch (error) {
    case EOPNOTSUPP:
    case EISDIR: return "this type has no files without a name (O_TMPFILE)";
    case EROFS: return "its mount is read-only";
    case ESTALE: return "another mount hides it from here";
    default: return std::string("cannot write there: ") + std::strerror(error);
  }
}

}  // namespace

base::Result<StallProbe> StallProbe::start(const std::string& mount_point, std::uint32_t mount_id,
                                           base::Duration limit) {
  auto helper =
      HelperProcess::start([&](int socket) { measure(socket, mount_point.c_str(), mount_id); });
  if (!helper) return std::unexpected(helper.error());
  const auto first = receive(helper->socket(), now() + limit, "its disk does not answer");
  if (!first) return std::unexpected(first.error());
  if (first->error != 0) return base::fail(why_not(first->error), first->error);
  return StallProbe(std::move(*helper));
}

base::Result<Stall> StallProbe::finish(base::Instant until) {
  const std::byte word{};
  send_packet(helper_.socket(), {&word, 1});
  const auto last = receive(helper_.socket(), until, "a write has not ended: it is still frozen");
  if (!last) return std::unexpected(last.error());
  if (last->error != 0) return base::fail(why_not(last->error), last->error);
  return last->stall;
}

}  // namespace vss::platform
