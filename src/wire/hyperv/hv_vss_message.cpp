#include "wire/hyperv/hv_vss_message.hpp"

#include <algorithm>

namespace vss::wire {
namespace {

constexpr std::byte kRegister1{129};
constexpr std::array kFailure{std::byte{0x05}, std::byte{0x40}, std::byte{0x00}, std::byte{0x80}};

}  // namespace

std::string_view to_text(HvVssOperation operation) {
  switch (operation) {
    case HvVssOperation::kHotBackup: return "HOT_BACKUP";
    case HvVssOperation::kFreeze: return "FREEZE";
    case HvVssOperation::kThaw: break;
  }
  return "THAW";
}

HvVssMessage make_hv_vss_registration() {
  HvVssMessage message{};
  message[0] = kRegister1;
  return message;
}

HvVssMessage make_hv_vss_answer(bool success) {
  HvVssMessage message{};
  if (!success) std::ranges::copy(kFailure, message.begin());
  return message;
}

std::optional<std::uint32_t> read_hv_vss_version(std::span<const std::byte> bytes) {
  if (bytes.size() != kHvVssVersionBytes) return std::nullopt;
  std::uint32_t version = 0;
  for (std::size_t i = kHvVssVersionBytes; i-- > 0;)
    version = version << 8 | std::to_integer<std::uint32_t>(bytes[i]);
  return version;
}

std::optional<HvVssOperation> HvVssRequest::operation() const {
  const HvVssOperation operation{operation_raw};
  switch (operation) {
    case HvVssOperation::kHotBackup:
    case HvVssOperation::kFreeze:
    case HvVssOperation::kThaw: return operation;
  }
  return std::nullopt;
}

std::optional<HvVssRequest> read_hv_vss_request(std::span<const std::byte> bytes) {
  if (bytes.size() != kHvVssMessageBytes) return std::nullopt;
  return HvVssRequest{std::to_integer<std::uint8_t>(bytes[0])};
}

}  // namespace vss::wire
