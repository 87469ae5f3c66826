#include "hostsim/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hostsim {
namespace {

constexpr std::array kOperationNames = {"CREATE",      "DELETE", "HOT_BACKUP", "GET_DM_INFO",
                                        "BU_COMPLETE", "FREEZE", "THAW",       "AUTO_RECOVER"};
constexpr std::size_t kHeaderBytes = kBodyAt - kPipeHeaderEnd;

struct Header {
  Ids ids;
  std::uint16_t type;
  Version framework;
  Version message;
};

void store_version(Bytes& packet, std::size_t offset, Version version) {
  store(packet, offset, version.major);
  store(packet, offset + 2, version.minor);
}

// A request with a body of zeros.
Bytes request_packet(const Header& header, std::size_t body_bytes) {
  const Bytes payload(kBodyAt - kDescriptorBytes + body_bytes);
  Bytes packet = packet_of(header.ids.transaction, payload);
  store<std::uint32_t>(packet, kPipeFlagsAt, 1);
  store(packet, kPipeSizeAt, static_cast<std::uint32_t>(kHeaderBytes + body_bytes));
  store_version(packet, kFrameworkAt, header.framework);
  store(packet, kMessageTypeAt, header.type);
  store_version(packet, kMessageVersionAt, header.message);
  store(packet, kBodySizeAt, static_cast<std::uint16_t>(body_bytes));
  store(packet, kExchangeIdAt, header.ids.exchange);
  store(packet, kExchangeFlagsAt, kRequestFlags);
  return packet;
}

// One SCSI disk, as the first of a table of 260.
void name_one_disk(Bytes& packet) {
  store<std::uint32_t>(packet, kLunCountAt, 1);
  store<std::uint32_t>(packet, kLunsAt, 1);
  for (std::size_t i = 0; i < 16; ++i) {
    store(packet, kLunsAt + 4 + i, static_cast<std::uint8_t>(0xa0 + i));
  }
}

}  // namespace

Bytes packet_of(std::uint64_t transaction, View payload, std::uint16_t type) {
  Bytes packet(round_up_8(kDescriptorBytes + payload.size()));
  std::ranges::copy(payload, packet.begin() + kDescriptorBytes);
  store(packet, kTypeAt, type);
  store<std::uint16_t>(packet, kOffset8At, kDescriptorBytes / 8);
  store(packet, kLength8At, static_cast<std::uint16_t>(packet.size() / 8));
  store(packet, kIdAt, transaction);
  return packet;
}

Bytes negotiate_packet(Ids ids, std::initializer_list<Version> frameworks,
                       std::initializer_list<Version> messages) {
  const std::size_t versions = frameworks.size() + messages.size();
  Bytes packet = request_packet({ids, kNegotiateType, {}, {}}, 8 + versions * 4);
  store(packet, kFrameworkCountAt, static_cast<std::uint16_t>(frameworks.size()));
  store(packet, kMessageCountAt, static_cast<std::uint16_t>(messages.size()));
  std::size_t at = kVersionsAt;
  for (const auto& list : {frameworks, messages}) {
    for (const Version version : list) {
      store_version(packet, at, version);
      at += 4;
    }
  }
  return packet;
}

Bytes negotiate_packet(Ids ids) {
  return negotiate_packet(ids, {{1, 0}, {3, 0}}, {{5, 0}, {6, 0}, {7, 0}});
}

Bytes zeroed_packet(Ids ids, Operation operation, std::size_t body_bytes) {
  Bytes packet = request_packet({ids, kVssType, {3, 0}, {5, 0}}, body_bytes);
  store(packet, kOperationAt, static_cast<std::uint8_t>(operation));
  return packet;
}

Bytes operation_packet(Ids ids, Operation operation, std::uint64_t packet_limit) {
  if (operation == Operation::kAutoRecover) {
    Bytes packet = zeroed_packet(ids, operation, kAutoRecoverBodyBytes);
    if (packet.size() <= packet_limit) return packet;
  }
  if (operation == Operation::kFreeze || operation == Operation::kAutoRecover) {
    Bytes packet = zeroed_packet(ids, operation, kFreezeBodyBytes);
    name_one_disk(packet);
    return packet;
  }
  return zeroed_packet(ids, operation, kSmallBodyBytes);
}

Ids ids_of(View packet) {
  return {load<std::uint64_t>(packet, kIdAt), load<std::uint8_t>(packet, kExchangeIdAt)};
}

std::string name_of(View packet) {
  const auto type = load<std::uint16_t>(packet, kMessageTypeAt);
  if (type == kNegotiateType) return "NEGOTIATE";
  if (type != kVssType) return fmt::format("TYPE_{}", type);
  const auto operation = load<std::uint8_t>(packet, kOperationAt);
  if (operation < kOperationNames.size()) return kOperationNames[operation];
  return fmt::format("OP_{}", operation);
}

bool asks_for(View packet, Operation operation) {
  return packet.size() > kOperationAt && load<std::uint16_t>(packet, kMessageTypeAt) == kVssType &&
         load<std::uint8_t>(packet, kOperationAt) == static_cast<std::uint8_t>(operation);
}

}  // namespace hostsim
