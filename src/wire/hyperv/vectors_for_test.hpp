// Packets of a whole backup, byte for byte, as a host and a guest put them into rings of 12 288
// bytes of data: computed from Linux's own declarations (include/linux/hyperv.h).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace vss::wire::hyperv::vectors {

using Bytes = std::vector<std::byte>;

inline Bytes bytes(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Bytes result;
  for (std::size_t i = 0; i + 1 < hex.size();) {
    if (hex[i] == ' ' || hex[i] == '\n') {
      ++i;
      continue;
    }
    result.push_back(static_cast<std::byte>(digit(hex[i]) * 16 + digit(hex[i + 1])));
    i += 2;
  }
  return result;
}

// With its trailer; the FREEZE of 6260 bytes is all zero between head and tail.
inline Bytes freeze_like(std::string_view head, std::string_view tail) {
  constexpr std::size_t kBytes = 6312;
  Bytes result = bytes(head);
  const Bytes end = bytes(tail);
  result.resize(kBytes - end.size());
  result.insert(result.end(), end.begin(), end.end());
  return result;
}

// NEGOTIATE at 0: frameworks 1.0 and 3.0, messages 5.0, 6.0 and 7.0.
inline const Bytes kNegotiate = bytes(
    "06000200090000000000000000000000 01000000300000000000000000000000"
    "00001c00000000000003000002000300 00000000010000000300000005000000"
    "06000000070000000000000000000000");
// Its answer, 3.0 and 5.0, what is left of the request zeroed.
inline const Bytes kNegotiateAnswer = bytes(
    "06000200090000000000000000000000 01000000300000000000000000000000"
    "00001000000000000005000001000100 00000000030000000500000000000000"
    "00000000000000000000000000000000");

// HOT_BACKUP at 80, and its answer with flags 5.
inline const Bytes kHotBackup = bytes(
    "060002000a0000001100000000000000 01000000340000000300000005000500"
    "00002000000000000103000002000000 00000000000000000000000000000000"
    "00000000000000000000000000000000 0000000050000000");
inline const Bytes kHotBackupAnswer = bytes(
    "060002000a0000001100000000000000 01000000340000000300000005000500"
    "00002000000000000105000002000000 00000000050000000000000000000000"
    "00000000000000000000000000000000 0000000050000000");
// The shortest that is a request, at 168.
inline const Bytes kHotBackupShortest = bytes(
    "06000200070000001200000000000000 01000000200000000300000005000500"
    "00000c00000000000103000002000000 000000000000000000000000a8000000");

// FREEZE at 168 with one LUN, and its answers.
inline const Bytes kFreeze = freeze_like(
    "06000200140300002100000000000000 01000000881800000300000005000500"
    "00007418000000000203000005000000 00000000000000000000000001000000"
    "01000000a0a1a2a3a4a5a6a7a8a9aaab acadaeaf000000000000000000000000",
    "000000000000000000000000a8000000");
inline const Bytes kFreezeAnswer = freeze_like(
    "06000200140300002100000000000000 01000000881800000300000005000500"
    "00007418000000000205000005000000 00000000000000000000000001000000"
    "01000000a0a1a2a3a4a5a6a7a8a9aaab acadaeaf000000000000000000000000",
    "000000000000000000000000a8000000");
inline const Bytes kFreezeFailed = freeze_like(
    "06000200140300002100000000000000 01000000881800000300000005000500"
    "00007418054000800205000005000000 00000000000000000000000001000000"
    "01000000a0a1a2a3a4a5a6a7a8a9aaab acadaeaf000000000000000000000000",
    "000000000000000000000000a8000000");

// THAW at 6480, its answer, and the one that says no, at 6568.
inline const Bytes kThaw = bytes(
    "060002000a0000003100000000000000 01000000340000000300000005000500"
    "00002000000000000303000006000000 00000000000000000000000000000000"
    "00000000000000000000000000000000 0000000050190000");
inline const Bytes kThawAnswer = bytes(
    "060002000a0000003100000000000000 01000000340000000300000005000500"
    "00002000000000000305000006000000 00000000000000000000000000000000"
    "00000000000000000000000000000000 0000000050190000");
inline const Bytes kThawFailed = bytes(
    "060002000a0000003100000000000000 01000000340000000300000005000500"
    "00002000054000800305000006000000 00000000000000000000000000000000"
    "00000000000000000000000000000000 00000000a8190000");

// THAW that begins 24 bytes before the end of the data, and how it lies in there.
inline const Bytes kThawWrapped = bytes(
    "060002000a0000004100000000000000 01000000340000000300000005000500"
    "00002000000000000403000006000000 00000000000000000000000000000000"
    "00000000000000000000000000000000 00000000e82f0000");
inline constexpr std::size_t kThawWrappedAt = 12'264;

inline std::span<const std::byte> without_trailer(const Bytes& packet) {
  return std::span{packet}.first(packet.size() - 8);
}
inline std::span<const std::byte> payload(const Bytes& packet) {
  return without_trailer(packet).subspan(16);
}

}  // namespace vss::wire::hyperv::vectors
