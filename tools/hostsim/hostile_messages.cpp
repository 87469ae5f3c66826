#include <algorithm>

#include "hostsim/hostile_acts.hpp"

namespace hostsim {
namespace {

using enum Operation;

// Those that start nothing.
constexpr std::array kHarmless = {kCreate, kDelete, kGetDmInfo, kBuComplete, kAutoRecover};

Bytes harmless(Duel& duel) {
  return duel.request(duel.random().one_of(kHarmless));
}

// A packet with `size` bytes of payload, which its pipe header says too.
Bytes cut_to(Bytes packet, std::size_t size) {
  packet.resize(kDescriptorBytes + round_up_8(size));
  std::fill(packet.begin() + static_cast<std::ptrdiff_t>(kDescriptorBytes + size), packet.end(),
            std::uint8_t{0});
  store(packet, kLength8At, static_cast<std::uint16_t>(packet.size() / 8));
  store(packet, kPipeSizeAt, static_cast<std::uint32_t>(size < 8 ? 0 : size - 8));
  return packet;
}

Result<void> many_at_once(Duel& duel) {
  const std::uint64_t count = 2 + duel.random().below(30);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (auto sent = duel.send(harmless(duel), Expect::kOneAnswer); !sent) return sent;
  }
  return {};
}

Result<void> unknown_operation(Duel& duel) {
  const auto random = static_cast<std::uint8_t>(8 + duel.random().below(248));
  const std::uint8_t operation = duel.random().one_of(std::array<std::uint8_t, 3>{8, 255, random});
  return duel.send(duel.request(static_cast<Operation>(operation)), Expect::kOneAnswer);
}

Result<void> wrong_message_type(Duel& duel) {
  Bytes packet = harmless(duel);
  const auto random = static_cast<std::uint16_t>(6 + duel.random().below(65530));
  store(packet, kMessageTypeAt,
        duel.random().one_of(std::array<std::uint16_t, 4>{1, 3, 4, random}));
  return duel.send(packet, Expect::kNoAnswer);
}

Result<void> wrong_packet_type(Duel& duel) {
  Bytes packet = harmless(duel);
  const auto random = static_cast<std::uint16_t>(7 + duel.random().below(65529));
  store(packet, kTypeAt, duel.random().one_of(std::array<std::uint16_t, 4>{0, 1, 0xb, random}));
  return duel.send(packet, Expect::kNoAnswer);
}

Result<void> too_short(Duel& duel) {
  const std::size_t random = duel.random().below(40);
  const std::size_t size = duel.random().one_of(std::array<std::size_t, 4>{27, 39, 0, random});
  return duel.send(cut_to(duel.request(kGetDmInfo), size), Expect::kNoAnswer);
}

Result<void> long_body(Duel& duel) {
  const std::size_t size = 33 + duel.random().below(kFreezeBodyBytes - 32);
  return duel.send(zeroed_packet(duel.next_ids(), kGetDmInfo, size), Expect::kOneAnswer);
}

Result<void> pipe_size_too_large(Duel& duel) {
  Bytes packet = duel.request(kGetDmInfo);
  const auto random = static_cast<std::uint32_t>(57 + duel.random().below(1U << 20U));
  store(packet, kPipeSizeAt,
        duel.random().one_of(std::array<std::uint32_t, 3>{57, 0xffffffff, random}));
  return duel.send(packet, Expect::kAtMostOne);
}

Result<void> pipe_size_too_small(Duel& duel) {
  Bytes packet = duel.request(kGetDmInfo);
  store(packet, kPipeSizeAt, static_cast<std::uint32_t>(duel.random().below(20)));
  return duel.send(packet, Expect::kNoAnswer);
}

Result<void> body_size_lies(Duel& duel) {
  Bytes packet = duel.request(kGetDmInfo);
  const auto random = static_cast<std::uint16_t>(duel.random().next());
  store(packet, kBodySizeAt, duel.random().one_of(std::array<std::uint16_t, 3>{0xffff, 0, random}));
  return duel.send(packet, Expect::kAtMostOne);
}

Result<void> negotiation_lies(Duel& duel) {
  Bytes packet = negotiate_packet(duel.next_ids());
  constexpr std::array<std::uint16_t, 8> kCounts = {0, 1, 2, 3, 4, 100, 0x7fff, 0xffff};
  store(packet, kFrameworkCountAt, duel.random().one_of(kCounts));
  store(packet, kMessageCountAt, duel.random().one_of(kCounts));
  return duel.send(packet, Expect::kAtMostOne);
}

Result<void> negotiation_again(Duel& duel) {
  const auto version = [&] {
    return Version{static_cast<std::uint16_t>(1 + duel.random().below(7)), 0};
  };
  const Version first = version();
  const Version second = version();
  const Bytes usual = negotiate_packet(duel.next_ids());
  const Bytes packet = negotiate_packet(duel.next_ids(), {first, second}, {version(), version()});
  if (auto sent = duel.send(packet, Expect::kOneAnswer); !sent) return sent;
  return duel.send(usual, Expect::kOneAnswer);
}

Result<void> random_payload(Duel& duel) {
  const Bytes payload = duel.random().bytes(duel.random().below(400));
  return duel.send(packet_of(duel.next_ids().transaction, payload), Expect::kAtMostOne);
}

Result<void> flipped_bytes(Duel& duel) {
  Bytes packet = duel.random().below(4) == 0 ? negotiate_packet(duel.next_ids()) : harmless(duel);
  const std::uint64_t count = 1 + duel.random().below(8);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t at = kDescriptorBytes + duel.random().below(packet.size() - kDescriptorBytes);
    packet[at] = static_cast<std::uint8_t>(duel.random().next());
  }
  // Nothing is to be frozen by chance.
  if (asks_for(packet, kFreeze) || asks_for(packet, kHotBackup)) {
    store(packet, kOperationAt, static_cast<std::uint8_t>(kGetDmInfo));
  }
  return duel.send(packet, Expect::kAtMostOne);
}

Result<void> packet_flags(Duel& duel) {
  Bytes packet = harmless(duel);
  store(packet, kFlagsAt, static_cast<std::uint16_t>(1 + duel.random().below(0xffff)));
  return duel.send(packet, Expect::kAtMostOne);
}

Result<void> extended_descriptor(Duel& duel) {
  Bytes packet = harmless(duel);
  const std::uint64_t words = 1 + duel.random().below(packet.size() / 8 - 2);
  store(packet, kOffset8At, static_cast<std::uint16_t>(2 + words));
  return duel.send(packet, Expect::kAtMostOne);
}

Result<void> thaw_first(Duel& duel) {
  if (auto sent = duel.send(harmless(duel), Expect::kOneAnswer); !sent) return sent;
  return duel.send(duel.request(kThaw), Expect::kOneAnswer);
}

Result<void> hot_backup_twice(Duel& duel) {
  for (const Operation operation : {kHotBackup, kHotBackup, kGetDmInfo}) {
    if (auto sent = duel.send(duel.request(operation), Expect::kOneAnswer); !sent) return sent;
  }
  return {};
}

// What is on its way when FREEZE comes, and what comes while it is answered or held.
Result<void> freeze_in_disorder(Duel& duel) {
  Bytes freeze = duel.request(kFreeze);
  if (duel.random().below(3) == 0) store<std::uint32_t>(freeze, kLunCountAt, 0xffffffff);
  if (auto sent = duel.send(freeze, Expect::kOneAnswer); !sent) return sent;
  const bool waits = duel.random().below(2) == 0;
  if (waits) {
    if (auto answered = duel.resync(); !answered) return answered;
  }
  constexpr std::array kMeanwhile = {kFreeze, kGetDmInfo, kHotBackup, kAutoRecover, kBuComplete};
  const std::uint64_t count = duel.random().below(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Bytes packet = duel.request(duel.random().one_of(kMeanwhile));
    if (auto sent = duel.send(packet, Expect::kOneAnswer); !sent) return sent;
  }
  if (duel.random().below(2) == 0) {
    const Bytes packet = negotiate_packet(duel.next_ids());
    if (auto sent = duel.send(packet, Expect::kOneAnswer); !sent) return sent;
  }
  // A second FREEZE may have come to start after the first was thawed.
  if (auto thawed = duel.thaw(); !thawed) return thawed;
  return duel.thaw();
}

constexpr std::array kActs = {
    Act{"many requests at once", 1400, many_at_once},
    Act{"unknown operation", 600, unknown_operation},
    Act{"wrong message type", 600, wrong_message_type},
    Act{"wrong packet type", 600, wrong_packet_type},
    Act{"too short", 800, too_short},
    Act{"long body", 300, long_body},
    Act{"pipe size too large", 400, pipe_size_too_large},
    Act{"pipe size too small", 400, pipe_size_too_small},
    Act{"body size lies", 300, body_size_lies},
    Act{"negotiation lies", 400, negotiation_lies},
    Act{"negotiation again", 400, negotiation_again},
    Act{"random payload", 600, random_payload},
    Act{"flipped bytes", 1200, flipped_bytes},
    Act{"packet flags", 200, packet_flags},
    Act{"extended descriptor", 200, extended_descriptor},
    Act{"THAW first", 300, thaw_first},
    Act{"HOT_BACKUP twice", 10, hot_backup_twice},
    Act{"FREEZE in disorder", 15, freeze_in_disorder},
};

}  // namespace

std::span<const Act> message_acts() {
  return kActs;
}

}  // namespace hostsim
