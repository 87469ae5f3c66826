#include "hostsim/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hostsim/message.hpp"

namespace hostsim {
namespace {

constexpr std::array kHeaderFields = {
    Field{"packet type", kTypeAt, 2, true},
    Field{"payload offset", kOffset8At, 2, true},
    Field{"packet length", kLength8At, 2, true},
    Field{"packet flags", kFlagsAt, 2, true},
    Field{"transaction id", kIdAt, 8, true},
    Field{"pipe flags", kPipeFlagsAt, 4, true},
    Field{"pipe message size", kPipeSizeAt, 4, true},
    Field{"framework version", kFrameworkAt, 4, true},
    Field{"message type", kMessageTypeAt, 2, true},
    Field{"message version", kMessageVersionAt, 4, true},
    Field{"body size", kBodySizeAt, 2, true},
    Field{"status", kStatusAt, 4, true},
    Field{"ic transaction id", kExchangeIdAt, 1, true},
    Field{"ic flags", kExchangeFlagsAt, 1, true},
    Field{"reserved bytes", kReservedAt, 2, false},
};

constexpr std::array kNegotiateFields = {
    Field{"framework count", kFrameworkCountAt, 2, true},
    Field{"message count", kMessageCountAt, 2, true},
    Field{"negotiate's reserved bytes", 0x30, 4, false},
    Field{"chosen framework", kVersionsAt, 4, true},
    Field{"chosen message version", kVersionsAt + 4, 4, true},
    Field{"versions behind the chosen", kVersionsAt + 8, SIZE_MAX, false},
};

constexpr std::array kSmallFields = {
    Field{"operation", kOperationAt, 1, true},
    Field{"operation's reserved bytes", kOperationAt + 1, 7, false},
    Field{"body flags", kOperationBodyAt, 4, true},
    Field{"body", kOperationBodyAt + 4, SIZE_MAX, false},
};

constexpr std::array kFreezeFields = {
    Field{"operation", kOperationAt, 1, true},
    Field{"operation's reserved bytes", kOperationAt + 1, 7, false},
    Field{"backup type", kOperationBodyAt, 4, false},
    Field{"body flags", kOperationBodyAt + 4, 4, true},
    Field{"LUN count", kLunCountAt, 4, false},
    Field{"LUN table", kLunsAt, SIZE_MAX, false},
};

std::span<const Field> body_fields_of(View packet) {
  const auto type = load<std::uint16_t>(packet, kMessageTypeAt);
  if (type == kNegotiateType) return kNegotiateFields;
  const bool long_body =
      asks_for(packet, Operation::kFreeze) || asks_for(packet, Operation::kAutoRecover);
  return long_body ? std::span<const Field>(kFreezeFields) : std::span<const Field>(kSmallFields);
}

std::string number_in(View bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = (value << 8U) | bytes[i - 1];
  }
  return fmt::format("{:#0{}x}", value, bytes.size() * 2 + 2);
}

std::string describe(const Field& field, View expected, View actual) {
  if (expected.size() <= 8) {
    return fmt::format("{}: {}, not {}", field.name, number_in(actual), number_in(expected));
  }
  const auto at =
      static_cast<std::size_t>(std::ranges::mismatch(expected, actual).in1 - expected.begin());
  return fmt::format("{}: byte {:#x} of the packet is {:#04x}, not {:#04x}", field.name,
                     field.offset + at, actual[at], expected[at]);
}

}  // namespace

std::vector<Field> fields_of(View packet) {
  std::vector<Field> fields;
  const auto body = body_fields_of(packet);
  for (const auto list : {std::span<const Field>(kHeaderFields), body}) {
    for (Field field : list) {
      if (field.offset >= packet.size()) return fields;
      field.size = std::min(field.size, packet.size() - field.offset);
      fields.push_back(field);
    }
  }
  return fields;
}

std::vector<Difference> differences(View expected, View actual) {
  if (expected.size() != actual.size()) {
    return {{fmt::format("packet length: {} bytes, not {}", actual.size(), expected.size()), true}};
  }
  std::vector<Difference> found;
  for (const Field& field : fields_of(expected)) {
    const View wanted = expected.subspan(field.offset, field.size);
    const View seen = actual.subspan(field.offset, field.size);
    if (!std::ranges::equal(wanted, seen)) {
      found.push_back({describe(field, wanted, seen), field.vital});
    }
  }
  return found;
}

}  // namespace hostsim
