#include "hostsim/fake_guest.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "hostsim/message.hpp"
#include "hostsim/socket_door.hpp"

namespace hostsim {
namespace {

constexpr int kRetryMilliseconds = 5;

bool offers(const Bytes& request, Version wanted, std::size_t first, std::size_t count) {
  for (std::size_t i = first; i < first + count; ++i) {
    const std::size_t at = kVersionsAt + i * 4;
    const Version version = {load<std::uint16_t>(request, at),
                             load<std::uint16_t>(request, at + 2)};
    if (version == wanted) return true;
  }
  return false;
}

void negotiate(const Bytes& request, Bytes& answer) {
  const std::size_t frameworks = load<std::uint16_t>(request, kFrameworkCountAt);
  const std::size_t messages = load<std::uint16_t>(request, kMessageCountAt);
  const bool newer = offers(request, {3, 0}, 0, frameworks);
  const bool match = (newer || offers(request, {1, 0}, 0, frameworks)) &&
                     offers(request, {5, 0}, frameworks, messages);
  std::ranges::fill(std::span(answer).subspan(kVersionsAt), std::uint8_t{0});
  store<std::uint16_t>(answer, kFrameworkCountAt, match ? 1 : 0);
  store<std::uint16_t>(answer, kMessageCountAt, match ? 1 : 0);
  store<std::uint16_t>(answer, kBodySizeAt, 16);
  store<std::uint32_t>(answer, kStatusAt, match ? kStatusOk : kStatusFail);
  if (!match) return;
  store<std::uint16_t>(answer, kVersionsAt, newer ? 3 : 1);
  store<std::uint16_t>(answer, kVersionsAt + 4, 5);
}

}  // namespace

struct FakeGuest::Link {
  UniqueFd socket;
  UniqueFd to_host;
  UniqueFd from_host;
  SharedMemory memory;
  std::optional<RingWriter> writer;
  std::optional<RingReader> reader;
  std::deque<Bytes> answers;  // for which there was no room yet
};

FakeGuest::FakeGuest(FakeGuestOptions options)
    : options_(std::move(options)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { serve(); }) {}

FakeGuest::~FakeGuest() {
  stop_ = true;
  static_cast<void>(::eventfd_write(wake_.get(), 1));
  thread_.join();
}

void FakeGuest::hang_up() {
  hang_up_ = true;
  static_cast<void>(::eventfd_write(wake_.get(), 1));
}

void FakeGuest::serve() {
  while (!stop_) {
    UniqueFd socket = connect();
    Link link;
    if (socket.valid() && open_link(std::move(socket), link)) {
      ++connections_;
      frozen_ = false;
      run(link);
      continue;
    }
    pollfd wake = {wake_.get(), POLLIN, 0};
    static_cast<void>(::poll(&wake, 1, kRetryMilliseconds));
  }
}

UniqueFd FakeGuest::connect() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::ranges::copy(options_.path, address.sun_path);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd.get(), generic, sizeof(address)) != 0) fd.reset();
  return fd;
}

bool FakeGuest::open_link(UniqueFd socket, Link& link) {
  std::array<pollfd, 2> fds = {pollfd{socket.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
  if (::poll(fds.data(), fds.size(), -1) < 0 || fds[0].revents == 0) return false;
  std::array<std::uint32_t, 4> hello = {};
  std::array<int, 3> descriptors = {};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(descriptors))> control = {};
  iovec bytes = {hello.data(), sizeof(hello)};
  msghdr message = {};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC) != sizeof(hello)) return false;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || hello[0] != kHelloMagic || hello[1] != kHelloVersion) return false;
  std::memcpy(descriptors.data(), CMSG_DATA(header), sizeof(descriptors));
  const UniqueFd memory_fd(descriptors[0]);
  link.to_host = UniqueFd(descriptors[1]);
  link.from_host = UniqueFd(descriptors[2]);
  auto memory = SharedMemory::map(memory_fd.get(), std::size_t{2} * hello[2]);
  if (!memory) return false;
  link.memory = std::move(*memory);
  link.socket = std::move(socket);
  link.writer.emplace(RingPages(link.memory.bytes().first(hello[2])));
  link.reader.emplace(RingPages(link.memory.bytes().last(hello[2])));
  return true;
}

void FakeGuest::run(Link& link) {
  while (!stop_ && !hang_up_.exchange(false)) {
    std::array<pollfd, 3> fds = {pollfd{link.from_host.get(), POLLIN, 0},
                                 pollfd{link.socket.get(), POLLIN | POLLRDHUP, 0},
                                 pollfd{wake_.get(), POLLIN, 0}};
    static_cast<void>(::poll(fds.data(), fds.size(), -1));
    eventfd_t count = 0;
    if (fds[2].revents != 0) static_cast<void>(::eventfd_read(wake_.get(), &count));
    if (fds[0].revents != 0) static_cast<void>(::eventfd_read(link.from_host.get(), &count));
    if (fds[1].revents != 0 || !send_answers(link) || !drain(link)) return;
  }
}

// False: the ring is dead. Stops reading while the host reads nothing.
bool FakeGuest::drain(Link& link) {
  while (link.answers.empty()) {
    auto received = link.reader->read();
    if (!received) {
      if (!link.reader->drop_all()) return false;
      continue;
    }
    if (!*received) return true;
    if ((*received)->wake_producer) static_cast<void>(::eventfd_write(link.to_host.get(), 1));
    if (!is_request((*received)->packet)) continue;
    Bytes answer = answer_to((*received)->packet);
    if (options_.alter && !options_.alter(answer)) continue;
    link.answers.push_back(std::move(answer));
    if (!send_answers(link)) return false;
  }
  return true;
}

bool FakeGuest::send_answers(Link& link) {
  bool asked_for_room = false;
  while (!link.answers.empty()) {
    const auto sent = link.writer->write(link.answers.front());
    if (!sent) return false;
    if (*sent == Sent::kNoRoom) {
      if (std::exchange(asked_for_room, true)) return true;
      link.writer->want_room(link.answers.front().size());
      continue;
    }
    link.answers.pop_front();
    if (*sent == Sent::kSignalIsDue && options_.signals) {
      static_cast<void>(::eventfd_write(link.to_host.get(), 1));
    }
  }
  return true;
}

bool FakeGuest::is_request(const Bytes& packet) const {
  const auto payload_at = std::size_t{load<std::uint16_t>(packet, kOffset8At)} * 8;
  if (load<std::uint16_t>(packet, kTypeAt) != kInBand || payload_at != kDescriptorBytes) {
    return false;
  }
  const std::size_t end = std::min<std::size_t>(
      packet.size(), kPipeHeaderEnd + std::size_t{load<std::uint32_t>(packet, kPipeSizeAt)});
  const auto type = load<std::uint16_t>(packet, kMessageTypeAt);
  if (type == kVssType) return end >= kOperationAt + 12;
  if (type != kNegotiateType || end < kVersionsAt) return false;
  const std::size_t versions = std::size_t{load<std::uint16_t>(packet, kFrameworkCountAt)} +
                               load<std::uint16_t>(packet, kMessageCountAt);
  return kVersionsAt + versions * 4 <= end;
}

Bytes FakeGuest::answer_to(const Bytes& request) {
  Bytes answer = request;
  store(answer, kExchangeFlagsAt, kAnswerFlags);
  if (load<std::uint16_t>(request, kMessageTypeAt) == kNegotiateType) {
    negotiate(request, answer);
    return answer;
  }
  bool fine = false;
  switch (static_cast<Operation>(load<std::uint8_t>(request, kOperationAt))) {
    case Operation::kHotBackup:
      fine = !frozen_;
      store(answer, kOperationBodyAt, kNoAutoRecovery);
      break;
    case Operation::kGetDmInfo:
      fine = true;
      store<std::uint32_t>(answer, kOperationBodyAt, 0);
      break;
    case Operation::kBuComplete: fine = true; break;
    case Operation::kFreeze:
      fine = !std::exchange(frozen_, true);
      if (fine) ++freezes_;
      break;
    case Operation::kThaw: fine = std::exchange(frozen_, false); break;
    default: break;
  }
  store(answer, kStatusAt, fine ? kStatusOk : kStatusFail);
  return answer;
}

}  // namespace hostsim
