#include "hostsim/socket_carrier.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "hostsim/ring.hpp"
#include "hostsim/socket_door.hpp"

namespace hostsim {
namespace {

constexpr std::size_t kDescriptors = 3;

Result<void> send_hello(int socket, std::uint32_t ring_bytes,
                        const std::array<int, kDescriptors>& descriptors) {
  std::array<std::uint32_t, 4> hello = {kHelloMagic, kHelloVersion, ring_bytes, 0};
  iovec bytes = {hello.data(), sizeof(hello)};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(descriptors))> control = {};
  msghdr message = {};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(descriptors));
  std::memcpy(CMSG_DATA(header), descriptors.data(), sizeof(descriptors));
  if (::sendmsg(socket, &message, MSG_NOSIGNAL) != static_cast<ssize_t>(sizeof(hello))) {
    return system_failure("cannot send the hello");
  }
  return {};
}

// Sealed, so that the guest may rely on its size.
Result<UniqueFd> sealed_memory(std::size_t size) {
  UniqueFd fd(::memfd_create("vmbus-rings", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return system_failure("memfd_create");
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) return system_failure("ftruncate");
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
    return system_failure("cannot seal the memory");
  }
  return fd;
}

}  // namespace

Result<std::unique_ptr<Carrier>> SocketCarrier::open(UniqueFd socket, std::uint32_t ring_bytes) {
  auto memory_fd = sealed_memory(std::size_t{2} * ring_bytes);
  if (!memory_fd) return std::unexpected(memory_fd.error());
  auto memory = SharedMemory::map(memory_fd->get(), std::size_t{2} * ring_bytes);
  if (!memory) return std::unexpected(memory.error());
  UniqueFd from_guest(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd to_guest(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!from_guest.valid() || !to_guest.valid()) return system_failure("eventfd");
  for (const auto ring : {memory->bytes().first(ring_bytes), memory->bytes().last(ring_bytes)})
    RingPages(ring).store(RingWord::kFeatureBits, 1);
  const std::array descriptors = {memory_fd->get(), from_guest.get(), to_guest.get()};
  if (auto sent = send_hello(socket.get(), ring_bytes, descriptors); !sent) {
    return std::unexpected(sent.error());
  }
  return std::unique_ptr<Carrier>(new SocketCarrier(
      {std::move(socket), std::move(from_guest), std::move(to_guest), std::move(*memory)}));
}

void SocketCarrier::signal_guest() {
  // Cannot fail but by a full counter, and then the guest has a signal already.
  static_cast<void>(::eventfd_write(parts_.to_guest.get(), 1));
}

bool SocketCarrier::guest_closed() {
  char byte = 0;
  const ssize_t got = ::recv(parts_.socket.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

Wake SocketCarrier::wait(Clock::time_point deadline, AlsoWatched also) {
  while (true) {
    std::array<pollfd, 4> fds = {pollfd{parts_.from_guest.get(), POLLIN, 0},
                                 pollfd{parts_.socket.get(), POLLIN | POLLRDHUP, 0},
                                 pollfd{also.interrupt, POLLIN, 0}, pollfd{also.other, POLLIN, 0}};
    const int timeout = milliseconds_until(deadline);
    const int ready = ::poll(fds.data(), fds.size(), timeout);
    if (ready < 0 && errno == EINTR) continue;
    if (fds[2].revents != 0) return Wake::kInterrupted;
    if (fds[0].revents != 0) {
      eventfd_t count = 0;
      static_cast<void>(::eventfd_read(parts_.from_guest.get(), &count));
      return Wake::kSignal;
    }
    if (fds[1].revents != 0) {
      if (guest_closed()) return Wake::kClosed;
      // The guest has nothing to say there: thrown away.
      char byte = 0;
      static_cast<void>(::recv(parts_.socket.get(), &byte, 1, MSG_DONTWAIT));
      continue;
    }
    if (fds[3].revents != 0) return Wake::kOther;
    if (ready <= 0 && Clock::now() >= deadline) return Wake::kTimeout;
  }
}

}  // namespace hostsim
