#include "operator/control_client.hpp"

#include <unistd.h>

#include <cerrno>

#include "base/runtime_paths.hpp"
#include "platform/credentials.hpp"
#include "platform/socket.hpp"

namespace vss::operators {
namespace {

constexpr std::string_view kServiceUser = "vss";

std::string advice(const base::Error& error) {
  switch (error.os_errno) {
    case ENOENT:
    case ECONNREFUSED:
      return "; vssd is not running there: start it, or say with --runtime-dir where it runs";
    case EACCES: return "; run this as a user who may enter that directory";
    case EAGAIN: return "; vssd is too busy to take another connection, try again";
    default: return "";
  }
}

base::Status check_peer(int socket, const std::string& path) {
  const auto peer = platform::peer_credentials(socket);
  if (!peer) return std::unexpected(peer.error());
  if (peer->user_id == 0 || peer->user_id == ::geteuid()) return {};
  const auto service = platform::find_user(std::string(kServiceUser));
  if (service && service->user_id == peer->user_id) return {};
  return base::fail(path + " is served by user " + std::to_string(peer->user_id) +
                    ", who is neither root nor vss nor you: this is not your vssd");
}

}  // namespace

base::Result<ControlClient> ControlClient::connect(const std::string& runtime_dir) {
  const std::string path = runtime_dir + '/' + base::runtime::kControlSocket;
  auto socket = platform::connect_to(path);
  if (!socket) {
    base::Error error = socket.error();
    error.message += advice(error);
    return std::unexpected(std::move(error));
  }
  if (auto status = check_peer(socket->get(), path); !status) {
    return std::unexpected(status.error());
  }
  return ControlClient(std::move(*socket));
}

base::Status ControlClient::send(const wire::ControlRequest& request) {
  wire::FrameWriter frame = wire::make_frame(request, ++tag_);
  if (!frame.complete()) {
    return base::fail_usage("the request is too large: name fewer or shorter paths");
  }
  if (platform::send_packet(socket_.get(), frame.bytes()) == platform::IoOutcome::kDone) return {};
  return base::fail("vssd does not take requests any more");
}

base::Result<std::optional<Incoming>> ControlClient::receive() {
  platform::ReceivedPacket packet;
  switch (platform::receive_packet(socket_.get(), *buffer_, packet)) {
    case platform::IoOutcome::kWouldBlock: return std::nullopt;
    case platform::IoOutcome::kClosed: return base::fail("vssd closed the connection");
    case platform::IoOutcome::kTooLong: return base::fail("vssd sent a frame that is too long");
    case platform::IoOutcome::kDone: break;
  }
  for (const int descriptor : packet.descriptors)
    base::UniqueFd(descriptor).reset();
  auto incoming = decode(packet.bytes);
  if (!incoming) return std::unexpected(incoming.error());
  return std::optional<Incoming>(std::move(*incoming));
}

base::Result<Incoming> ControlClient::decode(std::span<const std::byte> packet) const {
  const auto bad = [](wire::FrameError error) {
    return base::fail("vssd sent a frame that cannot be understood (" +
                      std::string(wire::to_text(error)) + "); use programs of one version");
  };
  const auto frame = wire::decode_frame(packet);
  if (!frame) return bad(frame.error());
  const auto as = [&](auto decoded) -> base::Result<Incoming> {
    if (!decoded) return bad(decoded.error());
    return Incoming(std::move(*decoded));
  };
  switch (frame->kind) {
    case wire::FrameKind::kControlReply: return as(wire::decode_control_reply(*frame));
    case wire::FrameKind::kControlNotice: return as(wire::decode_control_notice(*frame));
    case wire::FrameKind::kDetail: return as(wire::decode_mount_detail(*frame));
    case wire::FrameKind::kPlanEnd: return as(wire::decode_plan_end(*frame));
    case wire::FrameKind::kControlData: {
      const auto piece = wire::decode_control_data(*frame);
      if (!piece) return bad(piece.error());
      return Incoming(std::string(*piece));
    }
    default: return bad(wire::FrameError::kUnknownKind);
  }
}

}  // namespace vss::operators
