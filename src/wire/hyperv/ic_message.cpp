#include "wire/hyperv/ic_message.hpp"

#include <algorithm>
#include <optional>

#include "wire/hyperv/little_endian.hpp"

namespace vss::wire::hyperv {
namespace {

constexpr std::size_t kPipeBytes = 4;
constexpr std::size_t kType = 12;
constexpr std::size_t kBodyBytes = 18;
constexpr std::size_t kStatus = 20;
constexpr std::size_t kFlags = 25;
constexpr std::byte kTransactionResponse{5};

constexpr std::size_t kFrameworkCount = kIcBodyOffset;
constexpr std::size_t kMessageCount = kIcBodyOffset + 2;
constexpr std::size_t kVersions = kIcBodyOffset + 8;
constexpr std::size_t kVersionBytes = 4;

constexpr IcVersion kFrameworkBest{3, 0};
constexpr IcVersion kFrameworkOldest{1, 0};
constexpr IcVersion kMessageVersion{5, 0};

IcVersion version_at(std::span<const std::byte> payload, std::size_t index) {
  const std::size_t at = kVersions + index * kVersionBytes;
  return {get<std::uint16_t>(payload, at), get<std::uint16_t>(payload, at + 2)};
}

void put_version(std::span<std::byte> payload, std::size_t index, IcVersion version) {
  const std::size_t at = kVersions + index * kVersionBytes;
  put(payload, at, version.major);
  put(payload, at + 2, version.minor);
}

// The versions from `first` on; the one of `wanted` that comes first in `wanted`.
std::optional<IcVersion> choose(std::span<const std::byte> payload, std::size_t first,
                                std::size_t count, std::initializer_list<IcVersion> wanted) {
  for (const IcVersion version : wanted) {
    for (std::size_t i = 0; i < count; ++i) {
      if (version_at(payload, first + i) == version) return version;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_text(IcFault fault) {
  switch (fault) {
    case IcFault::kTooShort: return "a message is too short";
    case IcFault::kWrongType: return "a message is of another service";
  }
  return "unknown";
}

std::expected<IcHeader, IcFault> decode_ic_header(std::span<const std::byte> payload) {
  if (payload.size() < kIcBodyOffset) return std::unexpected(IcFault::kTooShort);
  const std::size_t piped = get<std::uint32_t>(payload, kPipeBytes);
  IcHeader header;
  header.length = std::min(payload.size(), kPipeHeaderBytes + piped);
  if (header.length < kIcBodyOffset) return std::unexpected(IcFault::kTooShort);
  header.type = get<std::uint16_t>(payload, kType);
  if (header.type != kIcNegotiate && header.type != kIcVss) {
    return std::unexpected(IcFault::kWrongType);
  }
  return header;
}

void answer_in_place(std::span<std::byte> payload, std::uint32_t status) {
  put(payload, kStatus, status);
  payload[kFlags] = kTransactionResponse;
}

std::expected<Negotiated, IcFault> negotiate_in_place(std::span<std::byte> payload) {
  const auto header = decode_ic_header(payload);
  if (!header) return std::unexpected(header.error());
  if (header->length < kVersions) return std::unexpected(IcFault::kTooShort);
  const std::size_t frameworks = get<std::uint16_t>(payload, kFrameworkCount);
  const std::size_t messages = get<std::uint16_t>(payload, kMessageCount);
  if (header->length < kVersions + (frameworks + messages) * kVersionBytes) {
    return std::unexpected(IcFault::kTooShort);
  }
  const auto framework = choose(payload, 0, frameworks, {kFrameworkBest, kFrameworkOldest});
  const auto message = choose(payload, frameworks, messages, {kMessageVersion});
  const bool agreed = framework && message;

  const std::size_t body_room = payload.size() - kIcBodyOffset;
  std::ranges::fill(payload.subspan(kIcBodyOffset), std::byte{0});
  constexpr std::size_t kAnswerBodyBytes = 16;
  put(payload, kBodyBytes, static_cast<std::uint16_t>(std::min(kAnswerBodyBytes, body_room)));
  answer_in_place(payload, agreed ? kStatusOk : kStatusFail);
  if (!agreed) return Negotiated{};
  put(payload, kFrameworkCount, std::uint16_t{1});
  put(payload, kMessageCount, std::uint16_t{1});
  put_version(payload, 0, *framework);
  put_version(payload, 1, *message);
  return Negotiated{.agreed = true, .framework = *framework, .message = *message};
}

}  // namespace vss::wire::hyperv
