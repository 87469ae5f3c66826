#include "base/runtime_paths.hpp"
#include "device_server.hpp"
#include "peers.hpp"

namespace vss::conformance {
namespace {

class SocketClient final : public DeviceClient {
 public:
  explicit SocketClient(const std::string& path) : peer_(path) {}

  bool read(wire::DeviceMessage& message) override {
    peer_.send(wire::FrameWriter(wire::FrameKind::kRead, 1));
    const auto frame = receive(wire::FrameKind::kReadReply, Peer::kPatience);
    if (frame) message = frame->view.message;
    return frame != nullptr;
  }

  bool write(const wire::DeviceMessage& message) override {
    peer_.send(wire::FrameWriter(wire::FrameKind::kWrite, 2, message));
    return receive(wire::FrameKind::kWriteReply, Peer::kPatience) != nullptr;
  }

  bool wait_readable(std::chrono::milliseconds at_most) override {
    if (!asked_ready_) peer_.send(wire::FrameWriter(wire::FrameKind::kReady, 3));
    asked_ready_ = true;
    while (asked_ready_) {
      if (!receive(wire::FrameKind::kReady, at_most)) return false;
    }
    return true;
  }

 private:
  // The answer to READY may come before the one that is waited for.
  std::unique_ptr<Frame> receive(wire::FrameKind kind, milliseconds patience) {
    for (;;) {
      auto frame = peer_.receive(patience);
      if (!frame) return nullptr;
      if (frame->kind() == wire::FrameKind::kReady) asked_ready_ = false;
      if (frame->kind() == kind) return frame;
    }
  }

  Peer peer_;
  bool asked_ready_ = false;
};

}  // namespace

DeviceDoor socket_door() {
  return {.name = "Sockets",
          .needs_nodes = false,
          .open = [](const std::string& runtime_directory, Device device) {
            const char* name = device == Device::kApplication ? base::runtime::kAppSocket
                                                              : base::runtime::kFreezerSocket;
            return std::make_unique<SocketClient>(runtime_directory + "/" + name);
          }};
}

}  // namespace vss::conformance
