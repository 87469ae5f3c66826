#include <sched.h>

#include <algorithm>

#include "hostsim/hostile_acts.hpp"

namespace hostsim {
namespace {

using namespace std::chrono_literals;

constexpr auto kReaction = 50ms;  // for a guest that closes when it sees what is wrong

Result<void> ask(Duel& duel, Expect expect = Expect::kOneAnswer) {
  return duel.send(duel.request(Operation::kGetDmInfo), expect);
}

// Around the ring, as fast as the guest reads.
Result<void> flood(Duel& duel) {
  constexpr std::array kSizes = {32UL, 32UL, 32UL, 200UL, 1000UL, kFreezeBodyBytes};
  for (int i = 0; i < 200; ++i) {
    const Bytes packet =
        zeroed_packet(duel.next_ids(), Operation::kCreate, duel.random().one_of(kSizes));
    if (auto sent = duel.send(packet, Expect::kOneAnswer); !sent) return sent;
  }
  return {};
}

// Nothing is read until the guest has no room for another answer, and the host none for a request.
Result<void> read_nothing(Duel& duel) {
  const std::size_t size = duel.random().below(2) == 0 ? kSmallBodyBytes : kFreezeBodyBytes;
  int refused = 0;
  for (int i = 0; i < 1000 && refused < 100; ++i) {
    const Bytes packet = zeroed_packet(duel.next_ids(), Operation::kDelete, size);
    const auto sent = duel.try_send(packet, Expect::kOneAnswer);
    if (!sent) return std::unexpected(sent.error());
    refused = *sent ? 0 : refused + 1;
    if (!*sent) ::sched_yield();
  }
  return {};
}

Result<void> spurious_signals(Duel& duel) {
  const std::uint64_t count = 1 + duel.random().below(20);
  for (std::uint64_t i = 0; i < count; ++i) {
    duel.channel().signal_guest();
  }
  return ask(duel);
}

Result<void> bad_descriptor(Duel& duel) {
  duel.allow_anything();
  Bytes packet = duel.request(Operation::kGetDmInfo);
  const auto length8 = static_cast<std::uint16_t>(packet.size() / 8);
  struct Lie {
    std::size_t at;
    std::uint16_t value;
  };
  const auto random = static_cast<std::uint16_t>(length8 + 2 + duel.random().below(60000));
  const std::array kLies = {Lie{kLength8At, 1},      Lie{kOffset8At, 1},
                            Lie{kOffset8At, 0},      Lie{kOffset8At, random},
                            Lie{kLength8At, random}, Lie{kLength8At, 0},
                            Lie{kLength8At, 0xffff}, Lie{kOffset8At, std::uint16_t(length8 + 1)}};
  const Lie lie = duel.random().one_of(kLies);
  store(packet, lie.at, lie.value);
  if (auto sent = duel.write_raw(packet); !sent) return sent;
  return duel.let_it_read();
}

Result<void> garbage(Duel& duel) {
  duel.allow_anything();
  const Bytes bytes = duel.random().bytes(8 * (2 + duel.random().below(200)));
  if (auto sent = duel.write_raw(bytes); !sent) return sent;
  return duel.let_it_read();
}

// Longer than a guest's buffer may be.
Result<void> oversized(Duel& duel) {
  duel.allow_anything();
  const std::size_t size = kFreezeBodyBytes + duel.random().below(5900);
  const Bytes packet = zeroed_packet(duel.next_ids(), Operation::kGetDmInfo, size);
  if (auto sent = duel.send(packet, Expect::kAtMostOne); !sent) return sent;
  return duel.let_it_read();
}

std::uint32_t impossible_index(Duel& duel) {
  const std::uint32_t size = duel.channel().to_guest().data_bytes();
  const auto random = static_cast<std::uint32_t>(size + duel.random().below(1U << 20U));
  return duel.random().one_of(std::array{size, 4U, 0xffffffffU, 0xfffffff8U, random});
}

// The guest closes, or the right value comes back and everything is as before.
Result<void> impossible_write_index(Duel& duel) {
  duel.allow_anything();
  duel.channel().to_guest().store(RingWord::kWriteIndex, impossible_index(duel));
  duel.channel().signal_guest();
  if (auto waited = duel.let_it_react(kReaction); !waited || !duel.has_guest()) return waited;
  duel.channel().to_guest().store(RingWord::kWriteIndex, duel.channel().writer().index());
  return {};
}

// Old requests come to stand before the guest again, a FREEZE may be among them: a new channel
// follows, because nobody can tell how many answers are to come.
Result<void> moved_write_index(Duel& duel) {
  duel.allow_anything();
  const RingPages ring = duel.channel().to_guest();
  const std::uint64_t words = 1 + duel.random().below(ring.data_bytes() / 8 - 2);
  ring.store(RingWord::kWriteIndex, ring.advanced(duel.channel().writer().index(), words * 8));
  duel.channel().signal_guest();
  if (auto waited = duel.let_it_react(kReaction); !waited) return waited;
  return duel.reconnect();
}

// The index that the host owns as the reader of the guest's answers.
Result<void> impossible_read_index(Duel& duel) {
  duel.allow_anything();
  duel.channel().from_guest().store(RingWord::kReadIndex, impossible_index(duel));
  if (auto sent = ask(duel, Expect::kAtMostOne); !sent) return sent;
  if (auto waited = duel.let_it_react(kReaction); !waited || !duel.has_guest()) return waited;
  duel.channel().from_guest().store(RingWord::kReadIndex, duel.channel().reader().index());
  return {};
}

// The guest's own words: it must not read them back. The answer to the request repairs them.
Result<void> guests_write_index(Duel& duel) {
  const RingPages ring = duel.channel().from_guest();
  ring.store(RingWord::kWriteIndex, duel.channel().reader().index() + 4);
  const std::uint32_t before = ring.load(RingWord::kWriteIndex);
  const auto sent = duel.try_send(duel.request(Operation::kGetDmInfo), Expect::kOneAnswer);
  if (!sent) return std::unexpected(sent.error());
  const auto deadline = Clock::now() + 10s;
  while (ring.load(RingWord::kWriteIndex) == before) {
    if (!duel.has_guest()) return failure("the guest has read back its own write index");
    if (Clock::now() > deadline) return failure("the guest does not write its own write index");
    ::sched_yield();
  }
  return {};
}

Result<void> guests_read_index(Duel& duel) {
  const RingPages ring = duel.channel().to_guest();
  const std::uint32_t index = duel.channel().writer().index();
  // A little behind, so that the host still sees room.
  const std::uint64_t behind = 8 * (1 + duel.random().below(100));
  ring.store(RingWord::kReadIndex, ring.advanced(index, ring.data_bytes() - behind));
  if (auto sent = ask(duel); !sent) return sent;
  duel.channel().signal_guest();  // that it is due cannot be seen now
  return {};
}

Result<void> pending_size_nonsense(Duel& duel) {
  const std::uint32_t size = duel.channel().to_guest().data_bytes();
  const auto random = static_cast<std::uint32_t>(duel.random().next());
  const std::uint32_t value =
      duel.random().one_of(std::array{1U, size - 1, size, size + 1, 0xffffffffU, random});
  duel.channel().to_guest().store(RingWord::kPendingSendSize, value);
  if (duel.random().below(4) == 0) {
    duel.channel().from_guest().store(RingWord::kPendingSendSize, value);
  }
  for (int i = 0; i < 3; ++i) {
    if (auto sent = ask(duel); !sent) return sent;
  }
  auto answered = duel.resync();
  duel.channel().to_guest().store(RingWord::kPendingSendSize, 0);
  duel.channel().from_guest().store(RingWord::kPendingSendSize, 0);
  return answered;
}

// The guest need not signal meanwhile: the host looks by itself.
Result<void> mask_nonsense(Duel& duel) {
  const auto random = static_cast<std::uint32_t>(duel.random().next());
  const std::uint32_t value = duel.random().one_of(std::array{1U, 2U, 0xffffffffU, random});
  duel.channel().from_guest().store(RingWord::kInterruptMask, value);
  duel.expect_signals(false);
  auto sent = ask(duel);
  auto answered = sent ? duel.resync() : sent;
  duel.expect_signals(true);
  if (duel.has_guest()) duel.channel().from_guest().store(RingWord::kInterruptMask, 0);
  return answered;
}

// The guest's own word, which keeps the host from signalling until it is right again.
Result<void> guests_mask(Duel& duel) {
  const RingPages ring = duel.channel().to_guest();
  ring.store(RingWord::kInterruptMask, static_cast<std::uint32_t>(duel.random().next()));
  if (auto sent = ask(duel); !sent || !duel.has_guest()) return sent;
  ring.store(RingWord::kInterruptMask, 0);
  duel.channel().signal_guest();
  return {};
}

Result<void> feature_bits_nonsense(Duel& duel) {
  const auto random = static_cast<std::uint32_t>(duel.random().next());
  const std::uint32_t value = duel.random().one_of(std::array{0U, 0xffffffffU, random});
  duel.channel().to_guest().store(RingWord::kFeatureBits, value);
  duel.channel().from_guest().store(RingWord::kFeatureBits, value);
  auto sent = ask(duel);
  auto answered = sent ? duel.resync() : sent;
  if (!duel.has_guest()) return answered;
  duel.channel().to_guest().store(RingWord::kFeatureBits, 1);
  duel.channel().from_guest().store(RingWord::kFeatureBits, 1);
  return answered;
}

// The packet changes while the guest reads it. Its operation stays: nothing is to be frozen.
Result<void> changed_while_read(Duel& duel) {
  duel.allow_anything();
  const RingPages ring = duel.channel().to_guest();
  const std::uint32_t start = duel.channel().writer().index();
  if (auto sent = ask(duel, Expect::kAtMostOne); !sent || !duel.has_guest()) return sent;
  constexpr std::array kTargets = {kTypeAt,        kOffset8At,  kLength8At,    kFlagsAt,
                                   kPipeSizeAt,    kBodySizeAt, kExchangeIdAt, kIdAt,
                                   kMessageTypeAt, kStatusAt};
  for (int i = 0; i < 50; ++i) {
    const Bytes value = duel.random().bytes(2);
    ring.copy_in(ring.advanced(start, duel.random().one_of(kTargets)), value);
  }
  return duel.let_it_read();
}

Result<void> close_at_any_moment(Duel& duel) {
  duel.allow_anything();
  const std::uint64_t count = duel.random().below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (auto sent = ask(duel, Expect::kAtMostOne); !sent) return sent;
  }
  if (duel.random().below(8) == 0) {
    const Bytes freeze = duel.request(Operation::kFreeze);
    if (auto sent = duel.send(freeze, Expect::kAtMostOne); !sent) return sent;
  }
  return duel.reconnect();
}

constexpr std::array kActs = {
    Act{"flood", 100, flood},
    Act{"read nothing", 60, read_nothing},
    Act{"spurious signals", 500, spurious_signals},
    Act{"bad descriptor", 30, bad_descriptor},
    Act{"garbage", 6, garbage},
    Act{"oversized", 10, oversized},
    Act{"impossible write index", 4, impossible_write_index},
    Act{"moved write index", 4, moved_write_index},
    Act{"impossible read index", 4, impossible_read_index},
    Act{"guest's write index overwritten", 50, guests_write_index},
    Act{"guest's read index overwritten", 50, guests_read_index},
    Act{"nonsense in pending_send_sz", 200, pending_size_nonsense},
    Act{"nonsense in interrupt_mask", 60, mask_nonsense},
    Act{"guest's interrupt_mask overwritten", 50, guests_mask},
    Act{"nonsense in feature_bits", 50, feature_bits_nonsense},
    Act{"packet changed while it is read", 40, changed_while_read},
    Act{"channel closed", 6, close_at_any_moment},
};

}  // namespace

std::span<const Act> ring_acts() {
  return kActs;
}

}  // namespace hostsim
