#include "requesters/vmbus/shared_memory_link.hpp"

#include <errno.h>

#include <algorithm>

#include "platform/clock.hpp"
#include "platform/signal_descriptor.hpp"
#include "platform/socket.hpp"
#include "requesters/vmbus/hello.hpp"

namespace vss::requesters::vmbus {
namespace {

// A person who starts a host is waiting for it.
constexpr base::Duration kPauseMax = base::seconds{1};

// Each is a turn of the loop. A host that is flooding with requests needs no more.
constexpr std::uint32_t kSignalsPerSecondMax = 50'000;

// The kernel's word does not tell a host that is not there from a path that never was a host's.
std::string why_not_connected(const base::Error& error) {
  if (error.os_errno == 0 || error.os_errno == ENOENT) return error.message;
  return error.message + "; it must be a socket on which a host listens, and vssd's user may write";
}

}  // namespace

SharedMemoryLink::SharedMemoryLink(platform::EventLoop& loop, HostLinkOwner& owner,
                                   std::uint16_t link, SharedMemoryDoor door)
    : RingLink(owner, link, kName, kPauseMax), loop_(loop), door_(std::move(door)) {}

SharedMemoryLink::~SharedMemoryLink() = default;

void SharedMemoryLink::open_door() {
  auto socket = platform::connect_to(door_.socket_path);
  if (!socket) return close(why_not_connected(socket.error()));
  const auto peer = platform::peer_credentials(socket->get());
  if (!peer || std::ranges::find(door_.host_users, peer->user_id) == door_.host_users.end()) {
    return close("the host is refused: it must run as root, or as the user who started vssd");
  }
  socket_ = std::move(*socket);
  socket_watch_ = loop_.watch(socket_.get(), [this] { on_socket(); });
}

// The hello, and after it the end.
void SharedMemoryLink::on_socket() {
  std::array<std::byte, 64> buffer{};
  platform::ReceivedPacket packet;
  const auto outcome = platform::receive_packet(socket_.get(), buffer, packet);
  if (outcome == platform::IoOutcome::kWouldBlock) return;
  std::array<base::UniqueFd, platform::kPacketDescriptorsMax> owned;
  for (std::size_t i = 0; i < packet.descriptors.size(); ++i)
    owned[i].reset(packet.descriptors[i]);
  if (outcome != platform::IoOutcome::kDone || packet.bytes.empty()) {
    return close("the host closed the channel");
  }
  if (is_open()) return close("the host said more than its hello");
  // Mapping and naming descriptors is not for a moment in which something is frozen.
  if (!owner().may_open_paths()) return close("the host's hello came while something is held");
  const auto ring_bytes = ring_bytes_of_hello(packet.bytes);
  if (!ring_bytes) return close(ring_bytes.error());
  if (packet.descriptors.size() != kHelloDescriptors) {
    return close("the host's hello does not carry three descriptors");
  }
  if (!platform::cannot_shrink(owned[0].get())) {
    return close("the host's memory is no memfd sealed against shrinking");
  }
  auto memory = platform::map_shared(owned[0].get(), 2 * *ring_bytes, true);
  if (!memory) return close(memory.error().message);
  if (!platform::make_signal_descriptor(owned[1].get()) ||
      !platform::make_signal_descriptor(owned[2].get())) {
    return close("the host's signals are no eventfds");
  }
  memory_ = std::move(*memory);
  to_host_ = std::move(owned[1]);
  from_host_ = std::move(owned[2]);
  signal_watch_ = loop_.watch(from_host_.get(), [this] { on_signal(); });
  const std::span<std::byte> both{memory_.data(), 2 * *ring_bytes};
  opened(Ring(both.first(*ring_bytes), kRingHeaderBytes),
         Ring(both.subspan(*ring_bytes), kRingHeaderBytes));
}

void SharedMemoryLink::on_signal() {
  const base::Instant now = platform::now();
  if (now - signals_since_ >= base::seconds{1}) {
    signals_since_ = now;
    signals_ = 0;
  }
  if (++signals_ > kSignalsPerSecondMax) return close("the host signals without end");
  platform::clear_signal(from_host_.get());
  look();
}

void SharedMemoryLink::signal_host() {
  platform::give_signal(to_host_.get());
}

void SharedMemoryLink::close_door() {
  socket_watch_ = {};
  signal_watch_ = {};
  socket_.reset();
  to_host_.reset();
  from_host_.reset();
  memory_ = {};
}

}  // namespace vss::requesters::vmbus
