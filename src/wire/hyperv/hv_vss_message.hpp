// The messages of Linux's /dev/vmbus/hv_vss: what the kernel hands to the one that has the device
// open, and what it takes back. Nothing tells one request from the next: no id, no sequence.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace vss::wire {

inline constexpr std::size_t kHvVssMessageBytes = 12;
inline constexpr std::size_t kHvVssVersionBytes = 4;
using HvVssMessage = std::array<std::byte, kHvVssMessageBytes>;

// The first byte of a request; the other eleven mean nothing. Only these three are passed on by the
// kernel, which deals with the host's other operations itself.
enum class HvVssOperation : std::uint8_t { kHotBackup = 2, kFreeze = 5, kThaw = 6 };

// The host's word for it. Static text.
std::string_view to_text(HvVssOperation operation);

// What the kernel answers to a registration, and nothing else.
inline constexpr std::uint32_t kHvVssVersion = 129;

// What opens the conversation, once the device is open ("REGISTER1").
HvVssMessage make_hv_vss_registration();

// An answer lies over the request: its result code takes the place of the operation's byte. Codes
// whose low byte is 0x80 or 0x81 would be read as another registration, so there are just two:
// success, and HV_E_FAIL.
HvVssMessage make_hv_vss_answer(bool success);

// Nothing: the length is wrong.
std::optional<std::uint32_t> read_hv_vss_version(std::span<const std::byte> bytes);

struct HvVssRequest {
  std::uint8_t operation_raw = 0;
  // Nothing: none that the kernel sends.
  std::optional<HvVssOperation> operation() const;
};
// Nothing: the length is wrong.
std::optional<HvVssRequest> read_hv_vss_request(std::span<const std::byte> bytes);

}  // namespace vss::wire
