#include "wire/hyperv/vss_message.hpp"

#include <algorithm>

#include "wire/hyperv/little_endian.hpp"

namespace vss::wire::hyperv {

std::string_view to_text(VssOperation operation) {
  switch (operation) {
    case VssOperation::kCreate: return "CREATE";
    case VssOperation::kDelete: return "DELETE";
    case VssOperation::kHotBackup: return "HOT_BACKUP";
    case VssOperation::kGetDmInfo: return "GET_DM_INFO";
    case VssOperation::kBackupComplete: return "BU_COMPLETE";
    case VssOperation::kFreeze: return "FREEZE";
    case VssOperation::kThaw: return "THAW";
    case VssOperation::kAutoRecover: return "AUTO_RECOVER";
    case VssOperation::kUnknown: break;
  }
  return "unknown operation";
}

std::expected<VssOperation, IcFault> decode_vss_operation(std::span<const std::byte> payload,
                                                          std::size_t length) {
  if (length < kVssPayloadBytesMin) return std::unexpected(IcFault::kTooShort);
  constexpr auto kLast = static_cast<std::uint8_t>(VssOperation::kUnknown);
  return VssOperation{std::min(get<std::uint8_t>(payload, kIcBodyOffset), kLast)};
}

void put_vss_flags(std::span<std::byte> payload, std::uint32_t flags) {
  put(payload, kVssFlagsOffset, flags);
}

}  // namespace vss::wire::hyperv
