#include "requesters/vmbus/uio_link.hpp"

namespace vss::requesters::vmbus {

base::Result<std::unique_ptr<platform::UioDevice>> open_vss_channel() {
  const auto node = platform::find_vss_uio();
  if (!node) return std::unexpected(node.error());
  return platform::open_uio_device(*node);
}

UioLink::UioLink(platform::EventLoop& loop, HostLinkOwner& owner, std::uint16_t link,
                 platform::OpenUioDevice open)
    : RingLink(owner, link, kName), loop_(loop), open_(std::move(open)) {}

UioLink::~UioLink() = default;

void UioLink::open_door() {
  auto device = open_();
  if (!device) return close(device.error().message);
  const std::span<std::byte> both = (*device)->rings();
  const std::size_t header = (*device)->header_bytes();
  const std::size_t ring = both.size() / 2;
  // Two rings of whole pages, with data behind their headers.
  if (both.size() % (2 * header) != 0 || ring < 2 * header) {
    return close("the kernel's rings have no size that rings can have");
  }
  device_ = std::move(*device);
  watch_ = loop_.watch(device_->fd(), [this] { on_readable(); });
  opened(Ring(both.first(ring), header), Ring(both.subspan(ring), header));
}

void UioLink::on_readable() {
  switch (device_->take_signals()) {
    case platform::UioDevice::Signals::kNone: return;
    case platform::UioDevice::Signals::kSome: return look();
    case platform::UioDevice::Signals::kGone:
      return close("the channel was rescinded by the host, or taken back by the kernel");
  }
}

// On a channel that is gone it fails, and on_readable() hears of it.
void UioLink::signal_host() {
  device_->signal_host();
}

void UioLink::close_door() {
  watch_ = {};
  device_.reset();
}

}  // namespace vss::requesters::vmbus
