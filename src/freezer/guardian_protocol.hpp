// Packets between the freezer and the guardian, over freezer/guardian.sock (SEQPACKET, same user).
//
//   freezer → guardian                          guardian → freezer
//   kHello    slots and thawed page (2 fds)     kWelcome, or kRefused with a reason
//   kArm      N; slots first … (≤ 4 fds each);  kArmed N, or kRefused, after the last packet
//             count, total
//   kDeadline N; act at this moment             kDeadlineSet N: also the proof that it is awake
//   kDisarm   N; every slot is closed           kDisarmed N: no descriptor is open any more
//
// One freezer at a time; packets in any other order are refused and the connection is closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

#include "base/fixed_text.hpp"

namespace vss::freezer {

enum class GuardianWord : std::uint32_t {
  kHello = 1,
  kArm = 2,
  kDeadline = 3,
  kDisarm = 4,
  kWelcome = 17,
  kArmed = 18,
  kDeadlineSet = 19,
  kDisarmed = 20,
  kRefused = 21,
};

struct GuardianPacket {
  static constexpr std::uint32_t kMagic = 0x31475356;  // "VSG1"

  std::uint32_t magic = kMagic;
  GuardianWord word{};
  std::uint64_t transaction = 0;
  std::int64_t deadline = 0;     // kDeadline: nanoseconds on CLOCK_BOOTTIME
  std::uint32_t process_id = 0;  // kHello: the sender's own number of itself
  std::uint32_t first = 0;       // kArm: slot of the packet's first descriptor
  std::uint32_t count = 0;       // kArm: descriptors in this packet
  std::uint32_t total = 0;       // kArm: slots in all
  base::FixedText<160> reason;   // kRefused

  std::span<const std::byte> bytes() const { return std::as_bytes(std::span{this, 1}); }

  static std::optional<GuardianPacket> from(std::span<const std::byte> bytes) {
    GuardianPacket packet;
    if (bytes.size() != sizeof packet) return std::nullopt;
    std::memcpy(static_cast<void*>(&packet), bytes.data(), sizeof packet);
    if (packet.magic != kMagic) return std::nullopt;
    return packet;
  }
};
static_assert(std::is_trivially_copyable_v<GuardianPacket>);

}  // namespace vss::freezer
