// A character device whose requests this process answers: CUSE, through libfuse's low-level
// interface.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

struct CuseOpener {
  std::string_view device;  // its name
  pid_t process_id = 0;
  uid_t user_id = 0;
  bool for_writing = false;
};

// What the device does. Called within CuseDevice::serve_one() and wake(), on their thread; must not
// block: the client waits in the kernel, and all the others behind it. Errors are an errno, which
// is what the client gets.
class CuseHandler {
 public:
  using Open = std::uint64_t;  // the handler's own number of one open; dup and fork share it

  virtual ~CuseHandler() = default;

  virtual std::expected<Open, int> on_open(const CuseOpener& opener) = 0;
  // Nothing refers to it any more, or its opener was gone before it had it. Comes once.
  virtual void on_release(Open open) = 0;

  // How many bytes were put into `room`, which may be few. EAGAIN: nothing is there; the device
  // keeps the client waiting until wake(), unless its descriptor says O_NONBLOCK.
  virtual std::expected<std::size_t, int> on_read(Open open, std::span<std::byte> room) = 0;

  // `argument` and `answer` are as long as `command` says. How many bytes of the answer are used.
  virtual std::expected<std::size_t, int> on_ioctl(Open open, unsigned command,
                                                   std::span<const std::byte> argument,
                                                   std::span<std::byte> answer) = 0;

  // What on_read() or on_ioctl() has just answered did not reach the client, which is gone or was
  // interrupted; another process may have the same open.
  virtual void on_unanswered(Open open) = 0;

  // What poll(2) would report now.
  virtual short on_poll(Open open) = 0;
};

// One device node, from make() until this is destroyed; then clients that wait, or that ask for
// anything, find ECONNABORTED, later ENOTCONN. One thread. Freeze-safe but for make(): it reads and
// writes its descriptor only, never waits, opens nothing.
//
// One read(2) waits on each open; a second one gets EBUSY.
class CuseDevice {
 public:
  // `cuse` comes from open_cuse(), here or in another process. When this returns, the node
  // /dev/NAME exists, with the mode that the kernel or udev gave it. An error says that the kernel
  // refused it: the name is taken.
  static base::Result<std::unique_ptr<CuseDevice>> make(base::UniqueFd cuse,
                                                        const std::string& name);
  ~CuseDevice();
  CuseDevice(const CuseDevice&) = delete;
  CuseDevice& operator=(const CuseDevice&) = delete;

  // For an EventLoop: readable when a request waits, and when the device is over.
  int fd() const;

  enum class Served : std::uint8_t {
    kOne,
    kNothing,
    kOver,  // the kernel has ended the device (somebody wrote to its `abort`); nobody is released
  };
  Served serve_one(CuseHandler& handler);

  // on_poll() or on_read() would say more than before: wakes who polls, and serves who reads.
  void wake(CuseHandler::Open open, CuseHandler& handler);

 private:
  struct State;
  explicit CuseDevice(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vss::platform
