#include "peers.hpp"

#include <poll.h>
#include <sys/socket.h>

#include "platform/socket.hpp"

namespace vss::conformance {

using std::chrono::steady_clock;

Peer::Peer(const std::string& socket_path) {
  if (auto socket = platform::connect_to(socket_path)) socket_ = std::move(*socket);
}

void Peer::send(wire::FrameWriter frame, const base::UniqueFd* descriptor) {
  const int fd = descriptor == nullptr ? -1 : descriptor->get();
  const auto descriptors = fd < 0 ? std::span<const int>{} : std::span<const int>{&fd, 1};
  platform::send_packet(socket_.get(), frame.bytes(), descriptors);
}

void Peer::send_bytes(std::span<const std::byte> bytes) {
  platform::send_packet(socket_.get(), bytes);
}

std::unique_ptr<Frame> Peer::receive(milliseconds patience) {
  pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, static_cast<int>(patience.count())) != 1) return nullptr;
  platform::ReceivedPacket packet;
  if (platform::receive_packet(socket_.get(), buffer_, packet) != platform::IoOutcome::kDone) {
    return nullptr;
  }
  auto frame = std::make_unique<Frame>();
  frame->bytes.assign(packet.bytes.begin(), packet.bytes.end());
  for (const int descriptor : packet.descriptors)
    frame->descriptor.reset(descriptor);
  const auto view = wire::decode_frame(frame->bytes);
  if (!view) return nullptr;
  frame->view = *view;
  return frame;
}

bool Peer::is_disconnected() {
  const auto until = steady_clock::now() + kPatience;
  while (steady_clock::now() < until) {
    pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, 100) != 1) continue;
    platform::ReceivedPacket packet;
    const auto outcome = platform::receive_packet(socket_.get(), buffer_, packet);
    if (outcome == platform::IoOutcome::kClosed) return true;
  }
  return false;
}

wire::RegistrationReply RegisteredPeer::register_as(const wire::Registration& registration,
                                                    const base::UniqueFd* descriptor) {
  send(wire::make_frame(registration, 1), descriptor);
  const auto frame = receive();
  if (!frame || frame->kind() != wire::FrameKind::kRegistered) {
    return {.status = wire::kStatusFail, .timeout = {}, .reason = "no answer"};
  }
  thawed_page = std::move(frame->descriptor);
  return wire::decode_registration_reply(frame->view)
      .value_or(wire::RegistrationReply{.status = wire::kStatusFail, .timeout = {}, .reason = {}});
}

std::optional<wire::Event> RegisteredPeer::next_event(milliseconds patience) {
  for (;;) {
    const auto frame = receive(patience);
    if (!frame) return std::nullopt;
    if (frame->kind() != wire::FrameKind::kEvent) continue;
    const auto event = wire::decode_event(frame->view);
    return event ? std::optional{*event} : std::nullopt;
  }
}

void RegisteredPeer::answer(const wire::Event& event, std::uint32_t status,
                            std::optional<wire::FilesystemSummary> summary) {
  send(wire::make_frame(wire::Reply{.operation = static_cast<std::uint32_t>(event.operation),
                                    .message_id = event.message_id,
                                    .status = status,
                                    .reason = {},
                                    .summary = summary}));
}

bool RegisteredPeer::serve(wire::Operation operation,
                           std::optional<wire::FilesystemSummary> summary) {
  const auto event = next_event();
  if (!event || event->operation != operation) return false;
  answer(*event, wire::kStatusSuccess, summary);
  return true;
}

std::optional<wire::ControlReply> ControlPeer::reply(milliseconds patience) {
  document.clear();
  details.clear();
  plan_end.reset();
  for (;;) {
    const auto frame = receive(patience);
    if (!frame) return std::nullopt;
    switch (frame->kind()) {
      case wire::FrameKind::kControlReply: {
        const auto decoded = wire::decode_control_reply(frame->view);
        return decoded && frame->view.tag == tag_ ? std::optional{*decoded} : std::nullopt;
      }
      case wire::FrameKind::kControlData:
        document += *wire::decode_control_data(frame->view);
        break;
      case wire::FrameKind::kDetail:
        details.push_back(*wire::decode_mount_detail(frame->view));
        break;
      case wire::FrameKind::kPlanEnd: plan_end = *wire::decode_plan_end(frame->view); break;
      default: break;
    }
  }
}

std::optional<wire::ControlNotice> ControlPeer::notice(milliseconds patience) {
  const auto frame = receive(patience);
  if (!frame || frame->kind() != wire::FrameKind::kControlNotice) return std::nullopt;
  const auto decoded = wire::decode_control_notice(frame->view);
  return decoded ? std::optional{*decoded} : std::nullopt;
}

wire::ControlRequest request_for(wire::ControlCommand command, wire::Selection selection) {
  wire::ControlRequest request;
  request.command = command;
  request.filesystems.selection = selection;
  request.filesystems.require = wire::Grade::kCrash;
  request.require_given = true;
  return request;
}

}  // namespace vss::conformance
