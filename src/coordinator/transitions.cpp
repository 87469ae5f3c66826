// All transitions of a transaction.
//
// Rules
//   1. The phase changes here and nowhere else: Coordinator looks up (phase, trigger), takes the
//   first
//      row whose guard holds, sets the next phase and runs the effect. Where no row fits, nothing
//      changes; so a trigger that means nothing in a phase needs no row, and is not an error.
//   2. This file does not know time, participants or messages. What a trigger means is derived from
//      events and deadlines in on_*.cpp; what an effect does is in effects.cpp.
//   3. Going down (CHECK, PREPARE, FREEZE) the writers come before the filesystems; going up (THAW,
//      ABORT) the filesystems come first. Within a phase of writers kLevelDone with levels left
//      asks the next one; the direction follows from the phase.
//   4. Everything that can go wrong before FREEZE is answered leads to kAbortFilesystems, whoever
//   is
//      at fault; from there the way up is the same, told as ABORT.
//   5. kHeld is left only upward, and by the deadline at the latest. A required writer that is lost
//      in it does not end the hold, since the filesystems' copy may still be taken: THAW tells.
//   6. The way up cannot fail and cannot be interrupted: it ends when nobody is waited for, and
//      kReleaseDeadline bounds the only wait that has no other end.
//   7. CHECK goes back to kIdle directly, since nothing holds that would have to be released.
#include "coordinator/transitions.hpp"

#include <array>

namespace vss::coordinator {
namespace {

constexpr auto kTable = [] {
  using enum Phase;
  using enum Trigger;
  using enum Guard;
  using enum Effect;
  return std::to_array<Row>({
      {kIdle, kCheckAsked, kReady, kStartCheck, kCheck},
      {kIdle, kCheckAsked, kAlways, kFinish, kIdle},
      {kIdle, kFreezeAsked, kReady, kStartPrepare, kPrepare},
      {kIdle, kFreezeAsked, kAlways, kFinish, kIdle},

      {kCheck, kLevelDone, kLevelsLeft, kAskLevel, kCheck},
      {kCheck, kLevelDone, kAlways, kAskFreezer, kCheck},
      {kCheck, kFreezerDone, kEnough, kPassCheck, kIdle},
      {kCheck, kFreezerDone, kAlways, kFinish, kIdle},
      {kCheck, kRequiredFailed, kAlways, kFinish, kIdle},
      {kCheck, kFreezerFailed, kAlways, kFinish, kIdle},
      {kCheck, kThawAsked, kAlways, kFinish, kIdle},
      {kCheck, kAbortAsked, kAlways, kFinish, kIdle},
      {kCheck, kOwnerGone, kAlways, kFinish, kIdle},

      {kPrepare, kLevelDone, kLevelsLeft, kAskLevel, kPrepare},
      {kPrepare, kLevelDone, kAlways, kAskFreezer, kPrepare},
      {kPrepare, kFreezerDone, kEnough, kStartFreeze, kFreezeWriters},
      {kPrepare, kFreezerDone, kAlways, kStartAbort, kAbortFilesystems},
      {kPrepare, kRequiredFailed, kAlways, kStartAbort, kAbortFilesystems},
      {kPrepare, kFreezerFailed, kAlways, kStartAbort, kAbortFilesystems},
      {kPrepare, kThawAsked, kAlways, kStartAbort, kAbortFilesystems},
      {kPrepare, kAbortAsked, kAlways, kStartAbort, kAbortFilesystems},
      {kPrepare, kOwnerGone, kAlways, kStartAbort, kAbortFilesystems},

      {kFreezeWriters, kLevelDone, kLevelsLeft, kAskLevel, kFreezeWriters},
      {kFreezeWriters, kLevelDone, kAlways, kWriteSeal, kSeal},
      {kFreezeWriters, kRequiredFailed, kAlways, kStartAbort, kAbortFilesystems},
      {kFreezeWriters, kFreezerFailed, kAlways, kStartAbort, kAbortFilesystems},
      {kFreezeWriters, kThawAsked, kAlways, kStartAbort, kAbortFilesystems},
      {kFreezeWriters, kAbortAsked, kAlways, kStartAbort, kAbortFilesystems},
      {kFreezeWriters, kOwnerGone, kAlways, kStartAbort, kAbortFilesystems},

      {kSeal, kSealed, kAlways, kAskFreezer, kFreezeFilesystems},

      {kFreezeFilesystems, kFreezerDone, kEnough, kAnswerHeld, kHeld},
      {kFreezeFilesystems, kFreezerDone, kAlways, kStartAbort, kAbortFilesystems},
      {kFreezeFilesystems, kRequiredFailed, kAlways, kStartAbort, kAbortFilesystems},
      {kFreezeFilesystems, kFreezerFailed, kAlways, kStartAbort, kAbortFilesystems},
      {kFreezeFilesystems, kThawAsked, kAlways, kStartAbort, kAbortFilesystems},
      {kFreezeFilesystems, kAbortAsked, kAlways, kStartAbort, kAbortFilesystems},
      {kFreezeFilesystems, kOwnerGone, kAlways, kStartAbort, kAbortFilesystems},

      {kHeld, kThawAsked, kAlways, kStartThaw, kThawFilesystems},
      {kHeld, kHoldDeadline, kAlways, kExpireHold, kThawFilesystems},
      {kHeld, kFreezerFailed, kAlways, kBreakHold, kThawFilesystems},
      {kHeld, kRequiredFailed, kAlways, kMarkTorn, kHeld},
      {kHeld, kAbortAsked, kAlways, kStartAbort, kAbortFilesystems},
      {kHeld, kOwnerGone, kAlways, kStartAbort, kAbortFilesystems},

      {kThawFilesystems, kThawConfirmed, kAlways, kReleaseWriters, kThawWriters},
      {kThawFilesystems, kReleaseDeadline, kAlways, kReleaseUnconfirmed, kThawWriters},
      {kThawWriters, kLevelDone, kLevelsLeft, kAskLevel, kThawWriters},
      {kThawWriters, kLevelDone, kAlways, kFinish, kIdle},

      {kAbortFilesystems, kThawConfirmed, kAlways, kReleaseWriters, kAbortWriters},
      {kAbortFilesystems, kReleaseDeadline, kAlways, kReleaseUnconfirmed, kAbortWriters},
      {kAbortWriters, kLevelDone, kLevelsLeft, kAskLevel, kAbortWriters},
      {kAbortWriters, kLevelDone, kAlways, kFinish, kIdle},
  });
}();

}  // namespace

std::span<const Row> transition_table() {
  return kTable;
}

std::string_view to_text(Trigger trigger) {
  switch (trigger) {
    case Trigger::kCheckAsked: return "CHECK asked";
    case Trigger::kFreezeAsked: return "FREEZE asked";
    case Trigger::kLevelDone: return "level done";
    case Trigger::kRequiredFailed: return "required writer failed";
    case Trigger::kFreezerDone: return "freezer done";
    case Trigger::kFreezerFailed: return "freezer failed";
    case Trigger::kSealed: return "sealed";
    case Trigger::kThawConfirmed: return "thaw confirmed";
    case Trigger::kHoldDeadline: return "hold deadline";
    case Trigger::kReleaseDeadline: return "release deadline";
    case Trigger::kThawAsked: return "THAW asked";
    case Trigger::kAbortAsked: return "ABORT asked";
    case Trigger::kOwnerGone: return "owner gone";
  }
  return "unknown";
}

std::string_view to_text(Guard guard) {
  switch (guard) {
    case Guard::kAlways: return "always";
    case Guard::kReady: return "ready";
    case Guard::kLevelsLeft: return "levels left";
    case Guard::kEnough: return "enough holds";
  }
  return "unknown";
}

std::string_view to_text(Effect effect) {
  switch (effect) {
    case Effect::kStartCheck: return "start CHECK";
    case Effect::kPassCheck: return "pass CHECK";
    case Effect::kStartPrepare: return "start PREPARE";
    case Effect::kStartFreeze: return "start FREEZE";
    case Effect::kAskLevel: return "ask level";
    case Effect::kAskFreezer: return "ask freezer";
    case Effect::kWriteSeal: return "write seal";
    case Effect::kAnswerHeld: return "answer held";
    case Effect::kMarkTorn: return "mark torn";
    case Effect::kStartThaw: return "start THAW";
    case Effect::kExpireHold: return "expire hold";
    case Effect::kBreakHold: return "break hold";
    case Effect::kStartAbort: return "start ABORT";
    case Effect::kReleaseWriters: return "release writers";
    case Effect::kReleaseUnconfirmed: return "release unconfirmed";
    case Effect::kFinish: return "finish";
  }
  return "unknown";
}

}  // namespace vss::coordinator
