#include "devices/cuse/node.hpp"

#include "platform/clock.hpp"

namespace vss::devices {

using platform::CuseDevice;

namespace {

// A node that stood this long was no failure to make it.
constexpr base::Duration kProvedAfter = base::seconds{10};

}  // namespace

Node::Node(platform::EventLoop& loop, Kind kind, platform::CuseHandler& handler,
           std::function<void()> on_lost)
    : loop_(loop), kind_(kind), handler_(handler), on_lost_(std::move(on_lost)) {}

void Node::serve(std::unique_ptr<CuseDevice> device) {
  device_ = std::move(device);
  served_since_ = platform::now();
  again_.opened();
  watch_ = loop_.watch(device_->fd(), [this] { on_readable(); });
}

void Node::wake(platform::CuseHandler::Open open) {
  if (device_) device_->wake(open, handler_);
}

void Node::on_readable() {
  if (device_->serve_one(handler_) != CuseDevice::Served::kOver) return;
  const base::Instant now = platform::now();
  if (now - served_since_ >= kProvedAfter) again_.proved();
  again_.failed(now);
  watch_ = {};
  device_.reset();
  on_lost_();
}

}  // namespace vss::devices
