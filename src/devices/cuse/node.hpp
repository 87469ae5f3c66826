// One of the two nodes: the device while it lives, and when it is to be made again.
#pragma once

#include <functional>
#include <memory>

#include "base/reopening.hpp"
#include "devices/session.hpp"
#include "platform/cuse_device.hpp"
#include "platform/event_loop.hpp"

namespace vss::devices {

// Its device's requests come to `handler`, on the loop's thread. Freeze-safe.
class Node {
 public:
  // `on_lost` runs when the kernel has ended the device: no open of it is released any more.
  Node(platform::EventLoop& loop, Kind kind, platform::CuseHandler& handler,
       std::function<void()> on_lost);

  Node(const Node&) = delete;

  void serve(std::unique_ptr<platform::CuseDevice> device);
  // There is something new for this open.
  void wake(platform::CuseHandler::Open open);

  Kind kind() const { return kind_; }
  bool is_served() const { return device_ != nullptr; }

  // Of making it again.
  base::Instant due() const { return again_.at(); }
  void failed(base::Instant now) { again_.failed(now); }

 private:
  void on_readable();

  platform::EventLoop& loop_;
  Kind kind_;
  platform::CuseHandler& handler_;
  std::function<void()> on_lost_;
  base::Reopening again_;
  base::Instant served_since_;
  std::unique_ptr<platform::CuseDevice> device_;
  platform::EventLoop::Watch watch_;  // last: stops before the device closes
};

}  // namespace vss::devices
