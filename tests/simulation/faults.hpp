// What can go wrong, as data: which fault of which actor can strike in which phase, and where it
// cannot, why not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "coordinator/types.hpp"

namespace vss::simulation {

using coordinator::Phase;

enum class Fault : std::uint8_t {
  // How a participant treats one question.
  kNeverAnswers,
  kAnswersLate,
  kAnswersInNext,  // just before its first answer of the next transaction
  kAnswersTwice,
  kWrongId,
  kWrongOperation,
  kRefuses,
  kAsksMoreTime,
  // What a participant does at a moment.
  kHangs,  // stops for a while, then works through what waits for it
  kDies,   // and comes back a while later
  kFloods,
  kTalksNonsense,  // sends something that is no frame
  kJoins,          // another one like it registers
  // Freezing.
  kFailsAtMount,
  kFreezeHangs,  // FIFREEZE stays in flight
  kThawHangs,    // FITHAW stays in flight
  kLost,         // the guardian
  kForeignFreeze,
  kForeignThaw,
  kMountAppears,
  kMountVanishes,
  // Requesters.
  kRepeats,
  kReorders,
  kVanishes,
  kSecondOne,
  kAborts,
  kNeverThaws,
  kThawsAtDeadline,
  // The driver.
  kRestarts,
};

enum class Actor : std::uint8_t {
  kRequired,
  kOptional,
  kPlain,  // writers
  kFreezer,
  kGuardian,
  kKernel,
  kHost,
  kLocal,
  kAdministrator,
  kDriver,
  kDaemon,  // a plain freezer; the episode has it in place of freezer and guardian
};

std::string_view to_text(Fault fault);
std::string_view to_text(Actor actor);
std::string_view short_text(Phase phase);  // at most 6 columns

// One line of the coverage table.
struct FaultRow {
  Fault fault{};
  Actor actor{};
  // One letter a phase, in the order of Phase: 'x' where it can strike, else the reason why it
  // cannot.
  std::string_view phases;

  bool strikes(Phase phase) const { return phases[static_cast<std::size_t>(phase)] == 'x'; }
};

std::span<const FaultRow> fault_rows();
// Why a letter of FaultRow::phases says "cannot"; empty: no such letter.
std::string_view reason_of(char letter);

constexpr bool is_writer(Actor actor) {
  return actor <= Actor::kPlain;
}
// True where the fault is in how a question is answered, false where it strikes at a moment.
constexpr bool is_about_a_question(Fault fault) {
  return fault <= Fault::kAsksMoreTime || fault == Fault::kFailsAtMount ||
         fault == Fault::kFreezeHangs || fault == Fault::kThawHangs;
}
// True where a transaction is over by a failure of its own making, whoever else behaves.
constexpr bool is_going_down(Phase phase) {
  return phase == Phase::kPrepare || phase == Phase::kFreezeWriters ||
         phase == Phase::kFreezeFilesystems;
}

}  // namespace vss::simulation
