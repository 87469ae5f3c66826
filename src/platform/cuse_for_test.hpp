// The kernel's end of a CUSE connection, over a socket pair: it says what a client's system calls
// would make the kernel say, and takes the answers.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fuse.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"

namespace vss::platform {

class CuseKernelForTest {
 public:
  static constexpr std::uint32_t kProcess = 812;

  CuseKernelForTest() {
    ::signal(SIGPIPE, SIG_IGN);
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()),
              0);
    kernel_.reset(pair[0]);
    server_.reset(pair[1]);
    send(CUSE_INIT, cuse_init_in{FUSE_KERNEL_VERSION, FUSE_KERNEL_MINOR_VERSION, 0, 0});
  }

  // What open("/dev/cuse") would return. Once.
  base::UniqueFd take_server() {
    same_server_.reset(::fcntl(server_.get(), F_DUPFD_CLOEXEC, 0));
    return std::move(server_);
  }

  // Within `body` no answer finds who asked, as when a reader is gone at that moment.
  template <typename Body>
  void while_nobody_takes_answers(Body body) {
    collect();
    while (::send(same_server_.get(), "", 1, MSG_DONTWAIT) == 1) {
    }
    body();
    for (char drop = 0; ::recv(kernel_.get(), &drop, 1, MSG_DONTWAIT) == 1;) {
    }
  }

  // As `abort` in sysfs does it; from the server's view also what a refused name is.
  void abort() {
    collect();  // or the socket would drop what is on its way to the server
    kernel_.reset();
  }

  struct Answer {
    bool came = false;
    int error = 0;  // an errno
    std::vector<std::byte> bytes;

    template <typename Part>
    Part as() const {
      Part part{};
      EXPECT_GE(bytes.size(), sizeof part);
      std::memcpy(&part, bytes.data(), std::min(bytes.size(), sizeof part));
      return part;
    }
  };

  // Each returns the number under which the answer comes.
  std::uint64_t open(int flags = O_RDWR) {
    return send(FUSE_OPEN, fuse_open_in{static_cast<std::uint32_t>(flags), 0});
  }
  std::uint64_t release(std::uint64_t open) {
    fuse_release_in in{};
    in.fh = open;
    return send(FUSE_RELEASE, in);
  }
  std::uint64_t read(std::uint64_t open, int flags = O_RDWR, std::uint32_t size = 64) {
    fuse_read_in in{};
    in.fh = open;
    in.size = size;
    in.flags = static_cast<std::uint32_t>(flags);
    return send(FUSE_READ, in);
  }
  std::uint64_t write(std::uint64_t open) {
    fuse_write_in in{};
    in.fh = open;
    in.size = 1;
    return send(FUSE_WRITE, in, std::array{std::byte{1}});
  }
  std::uint64_t interrupt(std::uint64_t request) {
    return send(FUSE_INTERRUPT, fuse_interrupt_in{request});
  }
  std::uint64_t poll(std::uint64_t open, bool wants_to_hear, std::uint64_t poller = 77) {
    fuse_poll_in in{};
    in.fh = open;
    in.kh = poller;
    in.flags = wants_to_hear ? FUSE_POLL_SCHEDULE_NOTIFY : 0;
    return send(FUSE_POLL, in);
  }
  std::uint64_t ioctl(std::uint64_t open, unsigned command, std::span<const std::byte> argument,
                      std::uint32_t answer_bytes) {
    fuse_ioctl_in in{};
    in.fh = open;
    in.cmd = command;
    in.in_size = static_cast<std::uint32_t>(argument.size());
    in.out_size = answer_bytes;
    return send(FUSE_IOCTL, in, argument);
  }

  Answer answer_to(std::uint64_t request) {
    collect();
    return answers_[request];
  }
  // How often the server said that this poller is to ask again.
  int notified(std::uint64_t poller = 77) {
    collect();
    return notified_[poller];
  }

 private:
  template <typename In>
  std::uint64_t send(std::uint32_t opcode, const In& in, std::span<const std::byte> more = {}) {
    fuse_in_header header{};
    header.len = static_cast<std::uint32_t>(sizeof header + sizeof in + more.size());
    header.opcode = opcode;
    header.unique = next_ += 2;
    header.pid = kProcess;
    std::vector<std::byte> packet(header.len);
    std::memcpy(packet.data(), &header, sizeof header);
    std::memcpy(packet.data() + sizeof header, &in, sizeof in);
    std::ranges::copy(more, packet.begin() + sizeof header + sizeof in);
    EXPECT_EQ(::send(kernel_.get(), packet.data(), packet.size(), 0),
              static_cast<ssize_t>(packet.size()));
    return header.unique;
  }

  void collect() {
    std::array<std::byte, 4096> packet{};
    for (;;) {
      const ssize_t count = ::recv(kernel_.get(), packet.data(), packet.size(), 0);
      if (count < static_cast<ssize_t>(sizeof(fuse_out_header))) return;
      fuse_out_header header{};
      std::memcpy(&header, packet.data(), sizeof header);
      const std::vector<std::byte> bytes(packet.begin() + sizeof header, packet.begin() + count);
      if (header.unique == 0) {
        EXPECT_EQ(header.error, FUSE_NOTIFY_POLL);
        fuse_notify_poll_wakeup_out out{};
        std::memcpy(&out, bytes.data(), sizeof out);
        ++notified_[out.kh];
      } else {
        EXPECT_FALSE(answers_[header.unique].came) << "answered twice";
        answers_[header.unique] = {true, -header.error, bytes};
      }
    }
  }

  base::UniqueFd kernel_, server_, same_server_;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, Answer> answers_;
  std::map<std::uint64_t, int> notified_;
};

}  // namespace vss::platform
