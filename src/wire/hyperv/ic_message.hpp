// The message of an integration component, which every utility channel of Hyper-V carries as a
// packet's payload: a pipe header, an IC header, a body.
//
//   offset  size  field
//        0     4  pipe: flags, 1
//        4     4  pipe: bytes after this field
//        8   2+2  framework version, major and minor
//       12     2  type of the message: 0 negotiation, 5 VSS
//       14   2+2  message version, major and minor
//       18     2  bytes of the body
//       20     4  status, 0 in requests
//       24     1  transaction id, echoed
//       25     1  flags: 1 transaction, 2 request, 4 response
//       26     2  reserved
//       28        body
// An answer is the request with status and flags set, as long as the request was.
//
// Source: Linux include/linux/hyperv.h (struct vmbuspipe_hdr, struct icmsg_hdr) and hv_util.c;
// FreeBSD sys/dev/hyperv/utilities/vmbus_icreg.h.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace vss::wire::hyperv {

inline constexpr std::size_t kPipeHeaderBytes = 8;
inline constexpr std::size_t kIcHeaderBytes = 20;
inline constexpr std::size_t kIcBodyOffset = kPipeHeaderBytes + kIcHeaderBytes;

inline constexpr std::uint16_t kIcNegotiate = 0;
inline constexpr std::uint16_t kIcVss = 5;

inline constexpr std::uint32_t kStatusOk = 0;              // HV_S_OK
inline constexpr std::uint32_t kStatusFail = 0x8000'4005;  // HV_E_FAIL

struct IcVersion {
  std::uint16_t major = 0, minor = 0;
  friend constexpr auto operator<=>(IcVersion, IcVersion) = default;
};

// Why a payload is nothing that could be answered. The text is for a log line.
enum class IcFault : std::uint8_t { kTooShort, kWrongType };
std::string_view to_text(IcFault fault);

// What of a request's header matters to the guest.
struct IcHeader {
  std::uint16_t type = 0;
  std::size_t length = 0;  // bytes of the payload that belong to the message, both headers included
};

// `payload`: as it came, padding included. Lengths in the message are believed only as far as the
// payload reaches.
std::expected<IcHeader, IcFault> decode_ic_header(std::span<const std::byte> payload);

// Turns a decoded request into its answer, in place.
void answer_in_place(std::span<std::byte> payload, std::uint32_t status);

// Negotiation: the body is two counts, a reserved u32, then the framework versions and the message
// versions that the host speaks. Answers in place with one of each, framework 3.0 or else 1.0 and
// message 5.0, the rest of the payload zeroed; where the host speaks none of these, with no version
// and kStatusFail. An error: there are not as many versions as the counts say, no answer.
struct Negotiated {
  bool agreed = false;
  IcVersion framework, message;
};
std::expected<Negotiated, IcFault> negotiate_in_place(std::span<std::byte> payload);

}  // namespace vss::wire::hyperv
