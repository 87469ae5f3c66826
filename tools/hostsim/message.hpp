// The packets of a VSS channel as a host writes them. A packet is descriptor, payload and padding;
// the trailer belongs to the ring. Offsets are from the packet's first byte, for a plain payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "hostsim/bytes.hpp"

namespace hostsim {

// Descriptor.
inline constexpr std::size_t kTypeAt = 0x00;
inline constexpr std::size_t kOffset8At = 0x02;
inline constexpr std::size_t kLength8At = 0x04;
inline constexpr std::size_t kFlagsAt = 0x06;
inline constexpr std::size_t kIdAt = 0x08;
inline constexpr std::size_t kDescriptorBytes = 0x10;
// Pipe header.
inline constexpr std::size_t kPipeFlagsAt = 0x10;
inline constexpr std::size_t kPipeSizeAt = 0x14;
inline constexpr std::size_t kPipeHeaderEnd = 0x18;
// Integration component header.
inline constexpr std::size_t kFrameworkAt = 0x18;
inline constexpr std::size_t kMessageTypeAt = 0x1c;
inline constexpr std::size_t kMessageVersionAt = 0x1e;
inline constexpr std::size_t kBodySizeAt = 0x22;
inline constexpr std::size_t kStatusAt = 0x24;
inline constexpr std::size_t kExchangeIdAt = 0x28;
inline constexpr std::size_t kExchangeFlagsAt = 0x29;
inline constexpr std::size_t kReservedAt = 0x2a;
inline constexpr std::size_t kBodyAt = 0x2c;
// Body of NEGOTIATE.
inline constexpr std::size_t kFrameworkCountAt = 0x2c;
inline constexpr std::size_t kMessageCountAt = 0x2e;
inline constexpr std::size_t kVersionsAt = 0x34;
// Body of everything else.
inline constexpr std::size_t kOperationAt = 0x2c;
inline constexpr std::size_t kOperationBodyAt = 0x34;
inline constexpr std::size_t kLunCountAt = 0x3c;
inline constexpr std::size_t kLunsAt = 0x40;

inline constexpr std::uint16_t kInBand = 6;
inline constexpr std::uint16_t kNegotiateType = 0;
inline constexpr std::uint16_t kVssType = 5;
inline constexpr std::uint8_t kRequestFlags = 3;
inline constexpr std::uint8_t kAnswerFlags = 5;
inline constexpr std::uint32_t kStatusOk = 0;
inline constexpr std::uint32_t kStatusFail = 0x80004005;
inline constexpr std::uint32_t kNoAutoRecovery = 5;  // in the answer to HOT_BACKUP

inline constexpr std::size_t kSmallBodyBytes = 32;
inline constexpr std::size_t kFreezeBodyBytes = 6260;
inline constexpr std::size_t kAutoRecoverBodyBytes = 12500;

enum class Operation : std::uint8_t {
  kCreate = 0,
  kDelete = 1,
  kHotBackup = 2,
  kGetDmInfo = 3,
  kBuComplete = 4,
  kFreeze = 5,
  kThaw = 6,
  kAutoRecover = 7,
};

struct Version {
  std::uint16_t major = 0;
  std::uint16_t minor = 0;
  bool operator==(const Version&) const = default;
};

// What an answer must echo.
struct Ids {
  std::uint64_t transaction = 0;  // of the packet
  std::uint8_t exchange = 0;      // of the message
};

// A descriptor before the payload, zeros up to a multiple of 8 behind it.
Bytes packet_of(std::uint64_t transaction, View payload, std::uint16_t type = kInBand);

Bytes negotiate_packet(Ids ids, std::initializer_list<Version> frameworks,
                       std::initializer_list<Version> messages);

// What a host of today offers: frameworks 1.0 and 3.0, messages 5.0, 6.0 and 7.0.
Bytes negotiate_packet(Ids ids);

// With a body of zeros behind the operation.
Bytes zeroed_packet(Ids ids, Operation operation, std::size_t body_bytes);

// With the body that the operation has on a real host: FREEZE names one disk. AUTO_RECOVER is as
// long as a FREEZE where its own length does not fit into `packet_limit`.
Bytes operation_packet(Ids ids, Operation operation, std::uint64_t packet_limit = UINT64_MAX);

Ids ids_of(View packet);

// NEGOTIATE, FREEZE, OP_9: whatever the packet asks for.
std::string name_of(View packet);

bool asks_for(View packet, Operation operation);

}  // namespace hostsim
