// Guests that connect to a socket: the host makes the memory and the signals of their channel.
#pragma once

#include <string>

#include "hostsim/carrier.hpp"
#include "hostsim/unique_fd.hpp"

namespace hostsim {

inline constexpr std::uint32_t kHelloMagic = 0x53424d56;
inline constexpr std::uint32_t kHelloVersion = 1;

class SocketDoor final : public Door {
 public:
  // Replaces a socket on which nobody listens; one that is alive is an error.
  static Result<std::unique_ptr<SocketDoor>> open(const std::string& path,
                                                  std::uint32_t ring_bytes);
  ~SocketDoor() override;

  std::string what_a_guest_does() const override { return "connected to " + path_; }
  int fd() const override { return fd_.get(); }
  Result<std::unique_ptr<Carrier>> accept() override;
  // Nothing has to be done: a guest whose channel was closed connects again.
  Result<void> rescind() override { return {}; }
  Result<void> offer() override { return {}; }

 private:
  SocketDoor(UniqueFd fd, std::string path, std::uint32_t ring_bytes)
      : fd_(std::move(fd)), path_(std::move(path)), ring_bytes_(ring_bytes) {}
  UniqueFd fd_;
  std::string path_;
  std::uint32_t ring_bytes_;
};

}  // namespace hostsim
