// The 64-byte message of the two VSS devices, as FreeBSD's hv_snapshot.h lays it out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace vss::wire {

// What a participant is asked to do. 0–3 are FreeBSD's `enum hv_vss_op_t`; 4 and 5 exist only on
// our channel and reach registered participants alone: a plain client sees an abort as kThaw.
enum class Operation : std::uint32_t {
  kNone = 0,
  kCheck = 1,
  kFreeze = 2,
  kThaw = 3,
  kPrepare = 4,
  kAbort = 5,
};

inline constexpr std::uint32_t kStatusSuccess = 0;  // VSS_SUCCESS
inline constexpr std::uint32_t kStatusFail = 1;  // VSS_FAIL; any other non-zero value counts as it

// `struct hv_vss_opt_msg`: opt at 0, status at 4, msgid at 8, 48 reserved bytes (zero) at 16, in
// the machine's byte order (it never leaves the machine).
struct DeviceMessage {
  std::uint32_t operation = 0;  // raw: what a client sent may be no Operation
  std::uint32_t status = 0;
  std::uint64_t message_id = 0;
  std::array<std::byte, 48> reserved{};

  friend bool operator==(const DeviceMessage&, const DeviceMessage&) = default;
};
static_assert(sizeof(DeviceMessage) == 64 && offsetof(DeviceMessage, message_id) == 8 &&
              offsetof(DeviceMessage, reserved) == 16);

}  // namespace vss::wire
