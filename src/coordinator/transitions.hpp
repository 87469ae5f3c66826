// The transition table as data. The rules that it follows stand in transitions.cpp.
#pragma once

#include <span>
#include <string_view>

#include "coordinator/types.hpp"

namespace vss::coordinator {

// What can move the open transaction. Each is derived from events and time in one place.
enum class Trigger : std::uint8_t {
  kCheckAsked,
  kFreezeAsked,
  kLevelDone,       // nobody of the level is waited for any more; also before the first level
  kRequiredFailed,  // a required writer said no, did not answer in time, or is gone
  kFreezerDone,     // it answered yes; also where no filesystem is in scope
  kFreezerFailed,   // it said no, is late or gone, or the guardian is gone, or something thawed
  kSealed,
  kThawConfirmed,  // nothing of ours is frozen, as far as anybody can know
  kHoldDeadline,
  kReleaseDeadline,  // writers are not kept any longer for a freezer that does not answer
  kThawAsked,        // by the owner, or with this transaction's id
  kAbortAsked,
  kOwnerGone,  // the requester of a bound or unanswered transaction
};
inline constexpr std::size_t kTriggers = 13;

enum class Guard : std::uint8_t {
  kAlways,
  kReady,       // freezer and guardian report clean, whoever is needed is here
  kLevelsLeft,  // there is another level with somebody to ask
  kEnough,      // promise 1: what holds (CHECK, PREPARE: would hold) reaches what is required
};
inline constexpr std::size_t kGuards = 4;

// What is done on the way, after the phase has changed.
enum class Effect : std::uint8_t {
  kStartCheck,
  kPassCheck,  // answer yes, keep the record
  kStartPrepare,
  kStartFreeze,  // the freeze window and the hold deadline begin
  kAskLevel,     // tell the next level what this phase is about
  kAskFreezer,
  kWriteSeal,           // the manifest; empty so far
  kAnswerHeld,          // FREEZE is answered with success
  kMarkTorn,            // the hold is broken but goes on; THAW will fail
  kStartThaw,           // tell the freezer THAW
  kExpireHold,          // the same unasked, at the deadline: the owner hears of it
  kBreakHold,           // the same unasked, since freezer or guardian is gone
  kStartAbort,          // FREEZE is answered with failure; tell the freezer ABORT
  kReleaseWriters,      // level by level, upward
  kReleaseUnconfirmed,  // the same although the freezer has not confirmed
  kFinish,              // answer who waits or was not answered yet, keep the record
};
inline constexpr std::size_t kEffects = 16;

// In `phase`, on `trigger`, if `guard` holds (or does not, where negated): the phase becomes
// `next`, then `effect` runs. The first row that fits is taken; where none fits nothing changes.
struct Row {
  Phase phase{};
  Trigger trigger{};
  Guard guard = Guard::kAlways;
  Effect effect{};
  Phase next{};
  bool negated = false;
};

std::span<const Row> transition_table();

std::string_view to_text(Trigger trigger);
std::string_view to_text(Guard guard);
std::string_view to_text(Effect effect);

}  // namespace vss::coordinator
