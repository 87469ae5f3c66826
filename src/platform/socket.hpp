// Local SOCK_SEQPACKET sockets: packets with at most a few descriptors, and who is at the other
// end.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>

#include "base/fixed_vector.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

inline constexpr std::size_t kPacketDescriptorsMax = 4;

struct PeerCredentials {
  pid_t process_id = 0;
  uid_t user_id = 0;
  gid_t group_id = 0;
};

// Binds and listens. An old socket file of the same name is replaced only when nobody listens on
// it; a live listener is kErrorKind::kFailed "already in use". The mode is set before the first
// connection can be accepted. The descriptor is non-blocking and close-on-exec. Not freeze-safe:
// opens by path.
base::Result<base::UniqueFd> listen_at(const std::string& path, mode_t mode);

// Connects; the descriptor is blocking for connect and non-blocking afterwards. Not freeze-safe.
base::Result<base::UniqueFd> connect_to(const std::string& path);

// A connected pair, both ends non-blocking and close-on-exec.
base::Result<std::pair<base::UniqueFd, base::UniqueFd>> socket_pair();

// Takes the next connection. os_errno EAGAIN: none waits. Freeze-safe.
base::Result<base::UniqueFd> accept_one(int listener);

base::Result<PeerCredentials> peer_credentials(int socket);

enum class IoOutcome { kDone, kWouldBlock, kClosed, kTooLong };

// Sends one packet whole, never blocks, never raises SIGPIPE. kClosed also for any other error.
// Freeze-safe; allocates nothing.
IoOutcome send_packet(int socket, std::span<const std::byte> packet,
                      std::span<const int> descriptors = {});

struct ReceivedPacket {
  std::span<std::byte> bytes;                                 // within the caller's buffer
  base::FixedVector<int, kPacketDescriptorsMax> descriptors;  // the caller owns (and closes) them
};
// Receives one packet, never blocks. A packet longer than the buffer is dropped whole: kTooLong,
// its descriptors closed. Descriptors arrive close-on-exec. Freeze-safe; allocates nothing.
IoOutcome receive_packet(int socket, std::span<std::byte> buffer, ReceivedPacket& packet);

}  // namespace vss::platform
