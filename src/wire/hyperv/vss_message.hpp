// The body of a VSS message: an operation, seven reserved bytes, and what belongs to it; for all
// that a guest may answer, this begins with 32 bits of flags (FREEZE: the type of the backup).
//
// Source: Linux include/uapi/linux/hyperv.h (struct hv_vss_hdr, hv_vss_check_feature) and
// drivers/hv/hv_snapshot.c; the flags of an answer: FreeBSD hv_snapshot.c as well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "wire/hyperv/ic_message.hpp"

namespace vss::wire::hyperv {

enum class VssOperation : std::uint8_t {
  kCreate = 0,
  kDelete = 1,
  kHotBackup = 2,  // could you?
  kGetDmInfo = 3,  // which disks are passed through to you?
  kBackupComplete = 4,
  kFreeze = 5,
  kThaw = 6,
  kAutoRecover = 7,
  kUnknown = 8,  // this and all above it
};
std::string_view to_text(VssOperation operation);  // the host's word

inline constexpr std::size_t kVssFlagsOffset = kIcBodyOffset + 8;
inline constexpr std::size_t kVssPayloadBytesMin = kVssFlagsOffset + 4;

// The flags of an answer to HOT_BACKUP: no auto-recovery is wanted (bits 0 and 2).
inline constexpr std::uint32_t kHotBackupFlags = 5;
inline constexpr std::uint32_t kNoDmInfo = 0;

// `length` is the decoded header's.
std::expected<VssOperation, IcFault> decode_vss_operation(std::span<const std::byte> payload,
                                                          std::size_t length);
void put_vss_flags(std::span<std::byte> payload, std::uint32_t flags);

}  // namespace vss::wire::hyperv
