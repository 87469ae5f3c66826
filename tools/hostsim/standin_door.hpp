// Guests that are the kernel's own code: a test's module plays the VMBus under the drivers of a
// stock kernel, and its device is the host's end of the one channel.
#pragma once

#include <memory>
#include <string>

#include "hostsim/carrier.hpp"

namespace hostsim {

// The device, and what it has told so far.
class StandinDevice;

// A channel that was open when the host came is served like one that is opened later. The host
// cannot close a channel: it can take the device away, and offer it again.
class StandinDoor final : public Door {
 public:
  static Result<std::unique_ptr<StandinDoor>> open(const std::string& path);
  ~StandinDoor() override;

  std::string what_a_guest_does() const override { return "opened the channel of " + path_; }
  int fd() const override;
  Result<std::unique_ptr<Carrier>> accept() override;
  Result<void> rescind() override;
  // Waits until what was rescinded is gone, which may need a program of the guest to close.
  Result<void> offer() override;

 private:
  StandinDoor(std::string path, std::shared_ptr<StandinDevice> device);
  std::string path_;
  std::shared_ptr<StandinDevice> device_;
  std::uint64_t rescinded_ = 0;  // the opening that is not to be served any more
};

}  // namespace hostsim
