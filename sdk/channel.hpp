// libvss's end of the socket: whole frames, at most one descriptor with each. Nothing here blocks.
// Functions return 0 or more, or a negative errno.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/unique_fd.hpp"

namespace vss::sdk {

// -ENAMETOOLONG for a path that no socket can have; else as connect(2), -EAGAIN if the listener's
// queue is full.
int connect_to(std::string_view path, base::UniqueFd& socket);

// -EAGAIN if the peer has not taken what was sent before.
int send_frame(int socket, std::span<const std::byte> frame);

struct ReceivedFrame {
  std::span<const std::byte> bytes;  // within the caller's buffer
  base::UniqueFd descriptor;
};
// 1: a frame; 0: the peer is gone; -EAGAIN: nothing waits; -EMSGSIZE: longer than the buffer.
int receive_frame(int socket, std::span<std::byte> buffer, ReceivedFrame& frame);

}  // namespace vss::sdk
