// The state of one filesystem in one transaction, in one 64-bit word that changes by
// compare-and-swap.
//
//   kEmpty ──freeze──▶ kIntent ──result──▶ kFrozen ──claim──▶ kThawing ──result──▶ kClosed
//      │                  │ └──failed───────────────────────────────────────────────▲  ▲
//      │                  └────claim, once the thread in it is gone──▶ kThawingUnknown ─┤
//      └──claim (no freeze may begin any more)─────────────────────────────────────────┘
//
// kIntent and the two thawing states name the thread that is, or may be, in the ioctl. Whoever else
// wants to go on waits until that thread has stored its result or is known to be gone. Taking over
// from a thread that is gone leads to kThawingUnknown: nobody knows whether its ioctl was done, so
// one FITHAW too many is risked rather than one too few, and the record says so.
#pragma once

#include <cstdint>

#include "platform/process.hpp"

namespace vss::freezer {

using platform::ThreadIdentity;

enum class State : std::uint8_t {
  kEmpty = 0,           // planned; no ioctl yet
  kIntent = 1,          // FIFREEZE is about to be issued, in flight, or done and not yet noted
  kFrozen = 2,          // FIFREEZE returned 0; one FITHAW is owed
  kThawing = 3,         // the same for the FITHAW that is owed
  kThawingUnknown = 4,  // taken over from a thread that is gone
  kClosed = 5,          // nothing is owed
};

enum class Thawer : std::uint8_t { kNobody = 0, kFreezer = 1, kGuardian = 2, kRecovery = 3 };

// How a slot was closed.
enum class Outcome : std::uint8_t {
  kNeverFrozen = 0,  // no FIFREEZE was issued, or it left nothing frozen
  kRefused = 1,      // FIFREEZE failed; the error says why
  kThawed = 2,       // our FITHAW undid our FIFREEZE
  kFoundThawed = 3,  // FITHAW said EINVAL: somebody else had thawed what was ours
  // Thawed, but perhaps not ours: a thread died between its note and its result. Or given up by a
  // recovery: there is no superblock any more.
  kOwnerUnknown = 4,
};

// One value of the word.
//   bits 60–63 state
//   kIntent, kThawing*:  44–59 start, 22–43 process, 0–21 thread   (Linux: numbers below 2^22)
//   kClosed:             24–31 outcome, 16–23 thawer, 0–15 errno
struct SlotState {
  State state = State::kEmpty;
  ThreadIdentity actor;                     // kIntent, kThawing, kThawingUnknown
  Outcome outcome = Outcome::kNeverFrozen;  // kClosed
  Thawer thawer = Thawer::kNobody;          // kClosed
  std::uint16_t error = 0;                  // kClosed

  bool open() const { return state != State::kClosed; }
  // FIFREEZE or FITHAW may be running at this moment.
  bool in_flight() const {
    return state == State::kIntent || state == State::kThawing || state == State::kThawingUnknown;
  }

  friend bool operator==(const SlotState&, const SlotState&) = default;

  static SlotState held_by(State state, const ThreadIdentity& actor) {
    SlotState made;
    made.state = state;
    made.actor = actor;
    return made;
  }
  static SlotState frozen() {
    SlotState made;
    made.state = State::kFrozen;
    return made;
  }
  static SlotState closed(Outcome outcome, Thawer thawer, int error = 0) {
    SlotState made;
    made.state = State::kClosed;
    made.outcome = outcome;
    made.thawer = thawer;
    made.error = static_cast<std::uint16_t>(error);
    return made;
  }
};

constexpr unsigned kNumberBits = 22;
constexpr std::uint64_t kNumberMask = (1ULL << kNumberBits) - 1;

inline std::uint64_t pack(const SlotState& value) {
  std::uint64_t word = static_cast<std::uint64_t>(value.state) << 60;
  if (value.in_flight()) {
    word |= std::uint64_t{value.actor.start} << 44;
    word |= (value.actor.process_id & kNumberMask) << kNumberBits;
    word |= value.actor.thread_id & kNumberMask;
  } else if (value.state == State::kClosed) {
    word |= static_cast<std::uint64_t>(value.outcome) << 24;
    word |= static_cast<std::uint64_t>(value.thawer) << 16;
    word |= value.error;
  }
  return word;
}

inline SlotState unpack(std::uint64_t word) {
  const auto state = static_cast<State>(word >> 60);
  const SlotState probe = SlotState::held_by(state, {});
  if (probe.in_flight()) {
    return SlotState::held_by(state, {static_cast<std::uint32_t>(word >> kNumberBits & kNumberMask),
                                      static_cast<std::uint32_t>(word & kNumberMask),
                                      static_cast<std::uint16_t>(word >> 44)});
  }
  if (state == State::kClosed) {
    return SlotState::closed(static_cast<Outcome>(word >> 24 & 0xff),
                             static_cast<Thawer>(word >> 16 & 0xff),
                             static_cast<int>(word & 0xffff));
  }
  SlotState plain;
  plain.state = state;
  return plain;
}

}  // namespace vss::freezer
