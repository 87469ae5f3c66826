// The channel itself, taken from the kernel's hv_utils by uio_hv_generic (vss-uio-bind does that):
// the host's packets are read from its own ring.
#pragma once

#include <memory>

#include "platform/event_loop.hpp"
#include "platform/uio_device.hpp"
#include "requesters/vmbus/ring_link.hpp"

namespace vss::requesters::vmbus {

// Finds the VSS device anew and opens it. Not freeze-safe: opens by path.
base::Result<std::unique_ptr<platform::UioDevice>> open_vss_channel();

// Each opening looks for the device again: one that the host took back and offered again has
// another number.
class UioLink final : public RingLink {
 public:
  static constexpr std::string_view kName = "hyperv:uio";
  // Kernels before the autumn of 2025 set the interrupt mask behind our back, and a host that sees
  // it set does not signal: each look clears it again.
  static constexpr base::Duration kLookInterval = base::seconds{1};

  UioLink(platform::EventLoop& loop, HostLinkOwner& owner, std::uint16_t link,
          platform::OpenUioDevice open = open_vss_channel);
  ~UioLink() override;

 private:
  bool may_open_door() const override { return owner().may_open_devices(); }
  void open_door() override;
  void close_door() override;
  void signal_host() override;
  base::Duration look_interval() const override { return kLookInterval; }

  void on_readable();

  platform::EventLoop& loop_;
  platform::OpenUioDevice open_;
  std::unique_ptr<platform::UioDevice> device_;
  platform::EventLoop::Watch watch_;  // last: stops before the device closes
};

}  // namespace vss::requesters::vmbus
