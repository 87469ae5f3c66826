#include "crowd.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>

#include "platform/socket.hpp"

namespace vss::conformance {

using std::chrono::steady_clock;

namespace {

constexpr std::size_t kSpareDescriptors = 300;

void watch(int epoll, int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

Crowd::Crowd(std::string socket_path)
    : socket_path_(std::move(socket_path)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

bool Crowd::grow_to(std::size_t size, milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  while (peers_.size() < size && steady_clock::now() < until)
    connect_one();
  while (registered_ < size && steady_clock::now() < until)
    serve(milliseconds{10});
  return registered_ >= size;
}

void Crowd::connect_one() {
  auto connected = platform::connect_to(socket_path_);
  if (!connected) {  // the listener's queue is full
    serve(milliseconds{1});
    return;
  }
  wire::Registration registration;
  registration.timeout = base::seconds{20};
  registration.name = wire::Name{"w"}.append_number(peers_.size());
  platform::send_packet(connected->get(), wire::make_frame(registration).bytes());
  watch(epoll_.get(), connected->get());
  peers_.push_back(std::move(*connected));
}

std::size_t Crowd::serve_until(std::size_t answers, milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  const std::size_t before = answered_;
  while (answered_ - before < answers && steady_clock::now() < until)
    serve(milliseconds{10});
  return answered_ - before;
}

bool Crowd::serve_until_readable(int descriptor, milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  watch(epoll_.get(), descriptor);
  bool readable = false;
  while (!readable && steady_clock::now() < until)
    readable = serve(milliseconds{100}, descriptor);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
  return readable;
}

bool Crowd::serve(milliseconds patience, int stranger) {
  std::array<epoll_event, 256> ready;
  const int count =
      ::epoll_wait(epoll_.get(), ready.data(), ready.size(), static_cast<int>(patience.count()));
  bool met = false;
  for (int i = 0; i < count; ++i) {
    const int fd = ready[static_cast<std::size_t>(i)].data.fd;
    met |= fd == stranger;
    if (fd != stranger) handle(fd);
  }
  return met;
}

void Crowd::handle(int fd) {
  platform::ReceivedPacket packet;
  if (platform::receive_packet(fd, buffer_, packet) != platform::IoOutcome::kDone) return;
  for (const int page : packet.descriptors)
    base::UniqueFd{page}.reset();  // the thawed page: this crowd waits for vssd
  const auto frame = wire::decode_frame(packet.bytes);
  if (frame && frame->kind == wire::FrameKind::kRegistered) ++registered_;
  if (!frame || frame->kind != wire::FrameKind::kEvent) return;
  const wire::Reply reply{.operation = frame->message.operation,
                          .message_id = frame->message.message_id,
                          .status = wire::kStatusSuccess,
                          .reason = {},
                          .summary = {}};
  platform::send_packet(fd, wire::make_frame(reply).bytes());
  ++answered_;
}

std::size_t connections_possible(std::size_t connections) {
  const rlim_t wanted = connections + kSpareDescriptors;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  rlimit raised{.rlim_cur = wanted, .rlim_max = std::max(limit.rlim_max, wanted)};
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0) {
    raised = {.rlim_cur = std::min(limit.rlim_max, wanted), .rlim_max = limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &raised);
  }
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(connections, limit.rlim_cur - kSpareDescriptors);
}

}  // namespace vss::conformance
