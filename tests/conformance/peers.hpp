// The other ends of vssd's sockets, as small as the tests need them: they speak frames, nothing
// else.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "wire/control.hpp"
#include "wire/participant.hpp"

namespace vss::conformance {

using std::chrono::milliseconds;

// One frame that was received, with its own bytes.
struct Frame {
  std::vector<std::byte> bytes;
  wire::FrameView view;
  base::UniqueFd descriptor;

  wire::FrameKind kind() const { return view.kind; }
};

// A connection to one of the sockets. Receiving waits, at most kPatience.
class Peer {
 public:
  static constexpr milliseconds kPatience{5000};

  explicit Peer(const std::string& socket_path);
  bool connected() const { return socket_.valid(); }
  int descriptor() const { return socket_.get(); }
  void close() { socket_.reset(); }

  void send(wire::FrameWriter frame, const base::UniqueFd* descriptor = nullptr);
  void send_bytes(std::span<const std::byte> bytes);
  // Nothing: the connection ended, or nothing came within `patience`.
  std::unique_ptr<Frame> receive(milliseconds patience = kPatience);
  // The server ends the connection within kPatience, whatever it sends before.
  bool is_disconnected();

 private:
  base::UniqueFd socket_;
  std::array<std::byte, wire::kFrameBytesMax> buffer_;
};

// A participant that registers.
class RegisteredPeer : public Peer {
 public:
  using Peer::Peer;

  wire::RegistrationReply register_as(const wire::Registration& registration,
                                      const base::UniqueFd* descriptor = nullptr);
  base::UniqueFd thawed_page;  // as it came with the registration

  // The next event, other frames in between skipped.
  std::optional<wire::Event> next_event(milliseconds patience = kPatience);
  void answer(const wire::Event& event, std::uint32_t status = wire::kStatusSuccess,
              std::optional<wire::FilesystemSummary> summary = std::nullopt);
  // Expects `operation` next and answers it with success.
  bool serve(wire::Operation operation,
             std::optional<wire::FilesystemSummary> summary = std::nullopt);
};

// vssctl.
class ControlPeer : public Peer {
 public:
  using Peer::Peer;

  void ask(const wire::ControlRequest& request) { send(wire::make_frame(request, ++tag_)); }
  // The reply to the last request; JSON pieces before it are collected in `document`, details
  // counted.
  std::optional<wire::ControlReply> reply(milliseconds patience = kPatience);
  std::optional<wire::ControlReply> ask_and_wait(const wire::ControlRequest& request) {
    ask(request);
    return reply();
  }
  std::optional<wire::ControlNotice> notice(milliseconds patience = kPatience);

  std::string document;
  std::vector<wire::MountDetail> details;
  std::optional<wire::PlanEnd> plan_end;

 private:
  std::uint32_t tag_ = 100;
};

wire::ControlRequest request_for(wire::ControlCommand command,
                                 wire::Selection selection = wire::Selection::kNone);

}  // namespace vss::conformance
