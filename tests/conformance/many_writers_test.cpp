// Ten thousand writers at once.
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <vector>

#include "base/runtime_paths.hpp"
#include "peers.hpp"
#include "platform/socket.hpp"
#include "running_program.hpp"

namespace vss::conformance {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kSpareDescriptors = 300;

// As many as this process may have connections to a program that may have as many.
std::size_t writers_possible() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  rlimit wanted = limit;
  wanted.rlim_cur = wanted.rlim_max = base::kWritersMax + kSpareDescriptors;
  if (limit.rlim_max < wanted.rlim_max && ::setrlimit(RLIMIT_NOFILE, &wanted) != 0) {
    wanted.rlim_cur = wanted.rlim_max = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &wanted);
  } else {
    wanted.rlim_max = std::max(wanted.rlim_max, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &wanted);
  }
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(base::kWritersMax, limit.rlim_cur - kSpareDescriptors);
}

// Writers that answer everything with success, all from one thread.
class Crowd {
 public:
  Crowd(const std::string& socket, std::size_t size) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    peers_.reserve(size);
    wire::Registration registration;
    registration.timeout = base::seconds{20};
    const auto until = steady_clock::now() + milliseconds{60'000};
    for (std::size_t i = 0; i < size && steady_clock::now() < until;) {
      auto connected = platform::connect_to(socket);
      if (!connected) {  // the listener's queue is full
        serve(milliseconds{1});
        continue;
      }
      registration.name = wire::Name{"w"}.append_number(i++);
      platform::send_packet(connected->get(), wire::make_frame(registration).bytes());
      epoll_event event{.events = EPOLLIN, .data = {.fd = connected->get()}};
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connected->get(), &event);
      peers_.push_back(std::move(*connected));
    }
    while (registered_ < size && steady_clock::now() < until)
      serve(milliseconds{10});
  }

  // Answers until `answers` more events were answered, or `patience` is over; gives how many.
  std::size_t serve_until(std::size_t answers, milliseconds patience) {
    const auto until = steady_clock::now() + patience;
    std::size_t answered = 0;
    while (answered < answers && steady_clock::now() < until)
      answered += serve(milliseconds{10});
    return answered;
  }

  std::size_t registered() const { return registered_; }

 private:
  std::size_t serve(milliseconds patience) {
    std::array<epoll_event, 256> ready;
    const int count =
        ::epoll_wait(epoll_.get(), ready.data(), ready.size(), static_cast<int>(patience.count()));
    std::size_t answered = 0;
    for (int i = 0; i < count; ++i)
      answered += handle(ready[static_cast<std::size_t>(i)].data.fd);
    return answered;
  }

  std::size_t handle(int fd) {
    platform::ReceivedPacket packet;
    if (platform::receive_packet(fd, buffer_, packet) != platform::IoOutcome::kDone) return 0;
    const auto frame = wire::decode_frame(packet.bytes);
    if (frame && frame->kind == wire::FrameKind::kRegistered) ++registered_;
    if (!frame || frame->kind != wire::FrameKind::kEvent) return 0;
    const wire::Reply reply{.operation = frame->message.operation,
                            .message_id = frame->message.message_id,
                            .status = wire::kStatusSuccess,
                            .reason = {},
                            .summary = {}};
    platform::send_packet(fd, wire::make_frame(reply).bytes());
    return 1;
  }

  base::UniqueFd epoll_;
  std::vector<base::UniqueFd> peers_;
  std::size_t registered_ = 0;
  std::array<std::byte, wire::kFrameBytesMax> buffer_;
};

TEST(ManyWriters, TenThousandTakePartInOneHold) {
  const std::size_t size = writers_possible();
  RunningProgram vssd({.configuration = "[writers]\nmax = " + std::to_string(size) + "\n"});
  ASSERT_TRUE(vssd.wait_until_serving()) << vssd.output();
  Crowd crowd(vssd.socket(base::runtime::kAppSocket), size);
  ASSERT_EQ(crowd.registered(), size) << vssd.output();

  ControlPeer control(vssd.socket(base::runtime::kControlSocket));
  control.ask(request_for(wire::ControlCommand::kHold));
  EXPECT_EQ(crowd.serve_until(2 * size, milliseconds{60'000}), 2 * size);  // PREPARE, FREEZE
  const auto held = control.reply();
  ASSERT_TRUE(held);
  EXPECT_EQ(held->status, wire::kStatusSuccess) << held->reason.view();
  control.ask(request_for(wire::ControlCommand::kRelease));
  EXPECT_EQ(crowd.serve_until(size, milliseconds{30'000}), size);
  EXPECT_EQ(control.reply()->status, wire::kStatusSuccess);
  if (size < base::kWritersMax) {
    GTEST_SKIP() << "ONLY " << size << " OF " << base::kWritersMax
                 << " WRITERS TRIED: the limit of open files (ulimit -Hn) allows no more";
  }
}

}  // namespace
}  // namespace vss::conformance
