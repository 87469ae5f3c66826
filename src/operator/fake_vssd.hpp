// The server's end of control.sock for tests: speaks real frames, does what a script says.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/runtime_paths.hpp"
#include "platform/clock.hpp"
#include "platform/poll.hpp"
#include "platform/socket.hpp"
#include "wire/control.hpp"

namespace vss::operators::testing {

inline const base::TransactionId kTransaction{(0x6a11f0c2ULL << base::kTransactionCounterBits) | 3};

// What a script may do with the connection that sent the request.
class FakePeer {
 public:
  FakePeer(int socket, std::uint32_t tag) : socket_(socket), tag_(tag) {}

  void reply(bool success, std::string_view reason = "",
             base::Instant hold_deadline = base::Instant::never()) {
    send(wire::make_frame(wire::ControlReply{.status = success ? 0U : 1U,
                                             .transaction = kTransaction,
                                             .hold_deadline = hold_deadline,
                                             .grade = wire::Grade::kApplication,
                                             .reason = wire::Reason(reason)},
                          tag_));
  }
  void notice(wire::NoticeKind kind, bool success, std::string_view reason = "") {
    send(wire::make_frame(wire::ControlNotice{.kind = kind,
                                              .outcome = {.status = success ? 0U : 1U,
                                                          .transaction = kTransaction,
                                                          .hold_deadline = base::Instant::never(),
                                                          .grade = wire::Grade::kApplication,
                                                          .reason = wire::Reason(reason)}}));
  }
  void document(std::string_view text) {
    // In small pieces, so that joining them is tested.
    for (std::size_t at = 0; at < text.size(); at += 100) {
      send(wire::make_control_data(text.substr(at, 100), tag_));
    }
    reply(true);
  }
  void send(wire::FrameWriter frame) { platform::send_packet(socket_, frame.bytes()); }
  void close() { closed_ = true; }
  bool closed() const { return closed_; }
  std::uint32_t tag() const { return tag_; }

 private:
  int socket_;
  std::uint32_t tag_;
  bool closed_ = false;
};

// Serves one connection at a time on a thread of its own until destroyed.
class FakeVssd {
 public:
  using Script = std::function<void(FakePeer&, const wire::ControlRequest&)>;

  FakeVssd(const std::string& runtime_dir, Script script) : script_(std::move(script)) {
    auto listener = platform::listen_at(runtime_dir + '/' + base::runtime::kControlSocket, 0666);
    VSS_ASSERT(listener.has_value());
    listener_ = std::move(*listener);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }

  // After it, what scripts have written may be read, and what they read changed.
  void settle() const { const std::scoped_lock lock(mutex_); }

  // The commands that came, in order.
  std::vector<wire::ControlCommand> commands() const {
    const std::scoped_lock lock(mutex_);
    return commands_;
  }

 private:
  void serve(const std::stop_token& stop) {
    base::UniqueFd connection;
    while (!stop.stop_requested()) {
      platform::PollEntry entry{.fd = connection ? connection.get() : listener_.get()};
      platform::wait_until({&entry, 1}, platform::now() + base::milliseconds(5));
      if (!entry.readable) continue;
      if (connection) {
        if (!handle(connection.get())) connection.reset();
      } else if (auto accepted = platform::accept_one(listener_.get())) {
        connection = std::move(*accepted);
      }
    }
  }

  bool handle(int socket) {
    platform::ReceivedPacket packet;
    const auto outcome = platform::receive_packet(socket, buffer_, packet);
    if (outcome == platform::IoOutcome::kWouldBlock) return true;
    if (outcome != platform::IoOutcome::kDone) return false;
    const auto frame = wire::decode_frame(packet.bytes);
    VSS_ASSERT(frame.has_value());
    const auto request = wire::decode_control_request(*frame);
    VSS_ASSERT(request.has_value());
    const std::scoped_lock lock(mutex_);
    commands_.push_back(request->command);
    FakePeer peer(socket, frame->tag);
    script_(peer, *request);
    return !peer.closed();
  }

  Script script_;
  base::UniqueFd listener_;
  mutable std::mutex mutex_;
  std::vector<wire::ControlCommand> commands_;
  std::array<std::byte, wire::kFrameBytesMax> buffer_{};
  std::jthread thread_;  // last: ends before what it uses
};

}  // namespace vss::operators::testing
