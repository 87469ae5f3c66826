// A device that is read and written in whole messages, such as /dev/vmbus/hv_vss.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"

namespace vss::platform {

// Closes when destroyed. An interface, so that a test can be the device. One thread; freeze-safe,
// and nothing here allocates: errors are the bare errno.
class MessageDevice {
 public:
  virtual ~MessageDevice() = default;

  // For an EventLoop: readable when a message waits, and when the device is gone.
  virtual int fd() const = 0;

  // True if read() would have something to say now, be it an error or the end.
  virtual bool is_readable() const = 0;

  // One message, or as much of it as there is room for; 0 bytes: the other end is gone. Never
  // waits, whatever the device makes of O_NONBLOCK: EAGAIN if nothing is there.
  virtual std::expected<std::size_t, int> read(std::span<std::byte> room) = 0;

  // The whole message, or an errno and nothing of it.
  virtual std::expected<void, int> write(std::span<const std::byte> message) = 0;
};

// Opens a device for reading and writing; a terminal (a stand-in for the device) is made raw, or it
// would change the bytes. A missing device is an error with os_errno ENOENT. Not freeze-safe: opens
// by path.
base::Result<std::unique_ptr<MessageDevice>> open_message_device(const std::string& path);

using OpenMessageDevice =
    std::function<base::Result<std::unique_ptr<MessageDevice>>(const std::string& path)>;

}  // namespace vss::platform
