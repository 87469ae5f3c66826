// vssctl's end of control.sock.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "wire/control.hpp"

namespace vss::operators {

// One thing that vssd said.
using Incoming = std::variant<wire::ControlReply, wire::ControlNotice, std::string,
                              wire::MountDetail, wire::PlanEnd>;

// Not thread-safe. Large (a packet's buffer): keep it off small stacks.
class ControlClient {
 public:
  // Connects, and makes sure that the other end belongs to root, to user vss or to who runs this.
  // The error says what to do.
  static base::Result<ControlClient> connect(const std::string& runtime_dir);

  // Never blocks. An error: vssd is gone, or the request does not fit into one frame (kUsage).
  base::Status send(const wire::ControlRequest& request);

  // The next frame, if there is one. An error: vssd is gone or speaks something else. Never blocks.
  base::Result<std::optional<Incoming>> receive();

  int fd() const { return socket_.get(); }

 private:
  explicit ControlClient(base::UniqueFd socket)
      : socket_(std::move(socket)), buffer_(std::make_unique<Buffer>()) {}
  base::Result<Incoming> decode(std::span<const std::byte> packet) const;

  using Buffer = std::array<std::byte, wire::kFrameBytesMax>;
  base::UniqueFd socket_;
  std::unique_ptr<Buffer> buffer_;
  std::uint32_t tag_ = 0;
};

}  // namespace vss::operators
