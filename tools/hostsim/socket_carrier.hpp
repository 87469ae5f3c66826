// A channel whose memory and signals the host has sent to the guest over a socket.
#pragma once

#include <memory>

#include "hostsim/carrier.hpp"
#include "hostsim/shared_memory.hpp"
#include "hostsim/unique_fd.hpp"

namespace hostsim {

class SocketCarrier final : public Carrier {
 public:
  // Makes the memory and sends the hello on a socket that was just accepted.
  static Result<std::unique_ptr<Carrier>> open(UniqueFd socket, std::uint32_t ring_bytes);

  std::span<std::uint8_t> memory() const override { return parts_.memory.bytes(); }
  void signal_guest() override;
  bool guest_closed() override;
  Wake wait(Clock::time_point deadline, AlsoWatched also) override;

 private:
  struct Parts {
    UniqueFd socket;
    UniqueFd from_guest;
    UniqueFd to_guest;
    SharedMemory memory;
  };
  explicit SocketCarrier(Parts parts) : parts_(std::move(parts)) {}
  Parts parts_;
};

}  // namespace hostsim
