#include "hostsim/channel.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

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

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

Result<SharedMemory> SharedMemory::map(int fd, std::size_t size) {
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return system_failure("mmap");
  SharedMemory memory;
  memory.bytes_ = {static_cast<std::uint8_t*>(at), size};
  return memory;
}

SharedMemory::~SharedMemory() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

struct Channel::Parts {
  UniqueFd socket;
  UniqueFd from_guest;
  UniqueFd to_guest;
  SharedMemory memory;
};

Channel::Channel(Parts parts)
    : socket_(std::move(parts.socket)),
      signal_from_guest_(std::move(parts.from_guest)),
      signal_to_guest_(std::move(parts.to_guest)),
      memory_(std::move(parts.memory)),
      from_guest_(memory_.bytes().first(memory_.bytes().size() / 2)),
      to_guest_(memory_.bytes().last(memory_.bytes().size() / 2)),
      reader_(from_guest_),
      writer_(to_guest_) {}

Result<std::unique_ptr<Channel>> Channel::open(UniqueFd socket, std::uint32_t ring_bytes) {
  auto memory_fd = sealed_memory(std::size_t{2} * ring_bytes);
  if (!memory_fd) return std::unexpected(memory_fd.error());
  auto memory = SharedMemory::map(memory_fd->get(), std::size_t{2} * ring_bytes);
  if (!memory) return std::unexpected(memory.error());
  UniqueFd from_guest(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd to_guest(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!from_guest.valid() || !to_guest.valid()) return system_failure("eventfd");
  const int socket_fd = socket.get();
  const std::array descriptors = {memory_fd->get(), from_guest.get(), to_guest.get()};
  std::unique_ptr<Channel> channel(new Channel(
      {std::move(socket), std::move(from_guest), std::move(to_guest), std::move(*memory)}));
  channel->from_guest_.store(RingWord::kFeatureBits, 1);
  channel->to_guest_.store(RingWord::kFeatureBits, 1);
  if (auto sent = send_hello(socket_fd, ring_bytes, descriptors); !sent) {
    return std::unexpected(sent.error());
  }
  return channel;
}

Result<Sent> Channel::send(View packet) {
  auto sent = writer_.write(packet);
  if (sent && *sent == Sent::kSignalIsDue) signal_guest();
  return sent;
}

Result<std::optional<Received>> Channel::receive() {
  auto received = reader_.read();
  if (received && *received && (*received)->wake_producer) signal_guest();
  return received;
}

void Channel::signal_guest() const {
  // Cannot fail but by a full counter, and then the guest has a signal already.
  static_cast<void>(::eventfd_write(signal_to_guest_.get(), 1));
}

bool Channel::guest_closed() const {
  char byte = 0;
  const ssize_t got = ::recv(socket_.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

Wake Channel::wait(Clock::time_point deadline, AlsoWatched also) {
  while (true) {
    std::array<pollfd, 4> fds = {pollfd{signal_from_guest_.get(), POLLIN, 0},
                                 pollfd{socket_.get(), POLLIN | POLLRDHUP, 0},
                                 pollfd{also.interrupt, POLLIN, 0}, pollfd{also.other, POLLIN, 0}};
    const int timeout = milliseconds_until(deadline);
    const int ready = ::poll(fds.data(), fds.size(), timeout);
    if (ready < 0 && errno == EINTR) continue;
    if (fds[2].revents != 0) return Wake::kInterrupted;
    if (fds[0].revents != 0) {
      eventfd_t count = 0;
      static_cast<void>(::eventfd_read(signal_from_guest_.get(), &count));
      return Wake::kSignal;
    }
    if (fds[1].revents != 0) {
      if (guest_closed()) return Wake::kClosed;
      // The guest has nothing to say there: thrown away.
      char byte = 0;
      static_cast<void>(::recv(socket_.get(), &byte, 1, MSG_DONTWAIT));
      continue;
    }
    if (fds[3].revents != 0) return Wake::kOther;
    if (ready <= 0 && Clock::now() >= deadline) return Wake::kTimeout;
  }
}

}  // namespace hostsim
