// What vssd is compared with: a bare epoll server with the same sockets and the same messages,
// which keeps nothing, decides nothing and promises nothing.
#include <sys/epoll.h>
#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "base/runtime_paths.hpp"
#include "platform/socket.hpp"
#include "wire/control.hpp"

namespace {

using namespace vss;

std::vector<std::byte> bytes_of(wire::FrameWriter frame) {
  const auto span = frame.bytes();
  return {span.begin(), span.end()};
}

wire::FrameKind kind_of(std::span<const std::byte> packet) {
  const auto frame = wire::decode_frame(packet);
  return frame ? frame->kind : wire::FrameKind{};
}

class Echo {
 public:
  explicit Echo(const std::string& directory)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        app_(*platform::listen_at(directory + "/" + base::runtime::kAppSocket, 0600)),
        control_(*platform::listen_at(directory + "/" + base::runtime::kControlSocket, 0600)) {
    watch(app_.get());
    watch(control_.get());
  }

  void run() {
    std::array<epoll_event, 256> ready;
    for (;;) {
      const int count =
          ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), -1);
      for (int i = 0; i < count; ++i)
        handle(ready[static_cast<std::size_t>(i)].data.fd);
    }
  }

 private:
  void watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  }

  void handle(int fd) {
    if (fd == app_.get() || fd == control_.get()) {
      auto socket = platform::accept_one(fd);
      if (!socket) return;
      watch(socket->get());
      if (fd == control_.get()) {
        asker_ = std::move(*socket);
      } else {
        writers_.push_back(std::move(*socket));
      }
      return;
    }
    platform::ReceivedPacket packet;
    if (platform::receive_packet(fd, buffer_, packet) != platform::IoOutcome::kDone) {
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
      return;
    }
    if (fd == asker_.get()) return begin(packet.bytes);
    if (rounds_left_ > 0) return answered();
    if (kind_of(packet.bytes) == wire::FrameKind::kRegister) platform::send_packet(fd, welcome_);
  }

  // Two rounds, PREPARE and FREEZE, or one, THAW: every writer is told, and answers.
  void begin(std::span<const std::byte> packet) {
    const auto frame = wire::decode_frame(packet);
    if (!frame) return;
    const auto request = wire::decode_control_request(*frame);
    tag_ = frame->tag;
    ends_ = request && request->command == wire::ControlCommand::kThaw;
    rounds_left_ = ends_ ? 1 : 2;
    tell_all();
  }

  void tell_all() {
    waiting_ = writers_.size();
    for (const base::UniqueFd& writer : writers_)
      platform::send_packet(writer.get(), event_);
  }

  void answered() {
    if (--waiting_ > 0) return;
    if (--rounds_left_ > 0) return tell_all();
    platform::send_packet(asker_.get(), wire::make_frame(wire::ControlReply{}, tag_).bytes());
    if (!ends_) return;
    const wire::ControlNotice ended{.kind = wire::NoticeKind::kEnded, .outcome = {}};
    platform::send_packet(asker_.get(), wire::make_frame(ended).bytes());
  }

  base::UniqueFd epoll_, app_, control_, asker_;
  std::vector<base::UniqueFd> writers_;
  std::vector<std::byte> welcome_ = bytes_of(
      wire::make_frame(wire::RegistrationReply{.timeout = base::seconds{2}, .reason = {}}));
  std::vector<std::byte> event_ = bytes_of(wire::make_frame(
      wire::Event{.operation = wire::Operation::kFreeze, .message_id = 1, .transaction = {1}}));
  std::size_t waiting_ = 0;
  int rounds_left_ = 0;
  bool ends_ = false;
  std::uint32_t tag_ = 0;
  std::array<std::byte, wire::kFrameBytesMax> buffer_;
};

}  // namespace

int main(int count, char** values) {
  if (count != 2) {
    std::fputs("usage: scale_echo DIRECTORY\n", stderr);
    return 2;
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  Echo echo(values[1]);
  std::puts("serving");
  std::fflush(stdout);
  echo.run();
}
