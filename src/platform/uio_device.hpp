// An open VMBus channel as uio_hv_generic gives it to a program: rings in memory, a count of the
// host's signals, a signal to the host.
//
// Source: Linux drivers/uio/uio.c, drivers/uio/uio_hv_generic.c.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/result.hpp"
#include "platform/vmbus_devices.hpp"

namespace vss::platform {

// Closes when destroyed, and with it the channel. An interface, so that a test can be the device.
// One thread; nothing here blocks or allocates; freeze-safe.
class UioDevice {
 public:
  virtual ~UioDevice() = default;

  // For an EventLoop: readable when the host signalled, and when the channel is gone.
  virtual int fd() const = 0;

  enum class Signals : std::uint8_t { kNone, kSome, kGone };
  // What came since the last call. kGone: the host took the channel back.
  virtual Signals take_signals() = 0;
  // False: the channel is gone.
  virtual bool signal_host() = 0;

  // Both rings, the one to the host first, each with a header of header_bytes(): the page size.
  virtual std::span<std::byte> rings() const = 0;
  virtual std::size_t header_bytes() const = 0;
};

// Opens the channel: the kernel tells the host. Refuses a device that another program of this kind
// has open. Not freeze-safe: opens by path.
base::Result<std::unique_ptr<UioDevice>> open_uio_device(const UioNode& node);

using OpenUioDevice = std::function<base::Result<std::unique_ptr<UioDevice>>()>;

}  // namespace vss::platform
