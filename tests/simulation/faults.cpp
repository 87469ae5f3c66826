#include "simulation/faults.hpp"

#include <array>
#include <utility>

namespace vss::simulation {
namespace {

constexpr std::array<std::pair<char, std::string_view>, 10> kReasons{{
    {'n', "nobody is asked anything between transactions"},
    {'s', "SEAL has no members yet: it ends in the step that enters it"},
    {'f', "only the freezer is asked anything in this phase"},
    {'w', "only writers are asked anything in this phase"},
    {'h', "nobody is asked anything while the transaction is held"},
    {'p', "a plain client sees neither PREPARE nor more time: its interface has no such message"},
    {'z', "FIFREEZE is issued while filesystems freeze, and at no other time"},
    {'y', "FITHAW is issued while filesystems thaw, or when a freeze is taken back"},
    {'q', "nothing of ours is frozen in this phase"},
    {'u', "a THAW is due only while the transaction is held"},
}};

// Order of the letters:
//   idle, check, prepare, freeze writers, seal, freeze filesystems, held,
//   thaw filesystems, thaw writers, abort filesystems, abort writers
constexpr std::string_view kAnyTime = "xxxxsxxxxxx";
constexpr std::string_view kWriterAsked = "nxxxsfhfxfx";
constexpr std::string_view kPlainAsked = "nxpxsfhfxfx";
constexpr std::string_view kFreezerAsked = "nxxwsxhxwxw";
constexpr std::string_view kNotForPlain = "ppppppppppp";
constexpr std::string_view kDaemonAsked = "nxpwsxhxwxw";

constexpr FaultRow kRows[] = {
    {Fault::kNeverAnswers, Actor::kRequired, kWriterAsked},
    {Fault::kNeverAnswers, Actor::kOptional, kWriterAsked},
    {Fault::kNeverAnswers, Actor::kPlain, kPlainAsked},
    {Fault::kNeverAnswers, Actor::kFreezer, kFreezerAsked},
    {Fault::kAnswersLate, Actor::kRequired, kWriterAsked},
    {Fault::kAnswersLate, Actor::kOptional, kWriterAsked},
    {Fault::kAnswersLate, Actor::kPlain, kPlainAsked},
    {Fault::kAnswersLate, Actor::kFreezer, kFreezerAsked},
    {Fault::kAnswersInNext, Actor::kRequired, kWriterAsked},
    {Fault::kAnswersInNext, Actor::kOptional, kWriterAsked},
    {Fault::kAnswersInNext, Actor::kPlain, kPlainAsked},
    {Fault::kAnswersInNext, Actor::kFreezer, kFreezerAsked},
    {Fault::kAnswersTwice, Actor::kRequired, kWriterAsked},
    {Fault::kAnswersTwice, Actor::kOptional, kWriterAsked},
    {Fault::kAnswersTwice, Actor::kPlain, kPlainAsked},
    {Fault::kAnswersTwice, Actor::kFreezer, kFreezerAsked},
    {Fault::kWrongId, Actor::kRequired, kWriterAsked},
    {Fault::kWrongId, Actor::kOptional, kWriterAsked},
    {Fault::kWrongId, Actor::kPlain, kPlainAsked},
    {Fault::kWrongId, Actor::kFreezer, kFreezerAsked},
    {Fault::kWrongOperation, Actor::kRequired, kWriterAsked},
    {Fault::kWrongOperation, Actor::kOptional, kWriterAsked},
    {Fault::kWrongOperation, Actor::kPlain, kPlainAsked},
    {Fault::kWrongOperation, Actor::kFreezer, kFreezerAsked},
    {Fault::kRefuses, Actor::kRequired, kWriterAsked},
    {Fault::kRefuses, Actor::kOptional, kWriterAsked},
    {Fault::kRefuses, Actor::kPlain, kPlainAsked},
    {Fault::kRefuses, Actor::kFreezer, kFreezerAsked},
    {Fault::kAsksMoreTime, Actor::kRequired, kWriterAsked},
    {Fault::kAsksMoreTime, Actor::kOptional, kWriterAsked},
    {Fault::kAsksMoreTime, Actor::kPlain, kNotForPlain},
    {Fault::kAsksMoreTime, Actor::kFreezer, kFreezerAsked},
    {Fault::kHangs, Actor::kRequired, kAnyTime},
    {Fault::kHangs, Actor::kOptional, kAnyTime},
    {Fault::kHangs, Actor::kPlain, kAnyTime},
    {Fault::kHangs, Actor::kFreezer, kAnyTime},
    {Fault::kDies, Actor::kRequired, kAnyTime},
    {Fault::kDies, Actor::kOptional, kAnyTime},
    {Fault::kDies, Actor::kPlain, kAnyTime},
    {Fault::kDies, Actor::kFreezer, kAnyTime},
    {Fault::kFloods, Actor::kRequired, kAnyTime},
    {Fault::kFloods, Actor::kOptional, kAnyTime},
    {Fault::kFloods, Actor::kPlain, kAnyTime},
    {Fault::kFloods, Actor::kFreezer, kAnyTime},
    {Fault::kTalksNonsense, Actor::kRequired, kAnyTime},
    {Fault::kTalksNonsense, Actor::kOptional, kAnyTime},
    {Fault::kTalksNonsense, Actor::kPlain, kAnyTime},
    {Fault::kTalksNonsense, Actor::kFreezer, kAnyTime},
    {Fault::kJoins, Actor::kRequired, kAnyTime},
    {Fault::kJoins, Actor::kOptional, kAnyTime},
    {Fault::kJoins, Actor::kPlain, kAnyTime},
    {Fault::kJoins, Actor::kFreezer, kAnyTime},
    {Fault::kFailsAtMount, Actor::kFreezer, "zzzzzxzzzzz"},
    {Fault::kFreezeHangs, Actor::kFreezer, "zzzzzxzzzzz"},
    {Fault::kThawHangs, Actor::kFreezer, "yyyyyxyxyxy"},
    {Fault::kLost, Actor::kGuardian, kAnyTime},
    {Fault::kForeignFreeze, Actor::kKernel, kAnyTime},
    {Fault::kForeignThaw, Actor::kKernel, "qqqqsxxxqxq"},
    {Fault::kMountAppears, Actor::kKernel, kAnyTime},
    {Fault::kMountVanishes, Actor::kKernel, kAnyTime},
    {Fault::kRepeats, Actor::kHost, kAnyTime},
    {Fault::kRepeats, Actor::kLocal, kAnyTime},
    {Fault::kReorders, Actor::kHost, kAnyTime},
    {Fault::kReorders, Actor::kLocal, kAnyTime},
    {Fault::kVanishes, Actor::kHost, kAnyTime},
    {Fault::kVanishes, Actor::kLocal, kAnyTime},
    {Fault::kSecondOne, Actor::kHost, kAnyTime},
    {Fault::kSecondOne, Actor::kLocal, kAnyTime},
    {Fault::kAborts, Actor::kAdministrator, kAnyTime},
    {Fault::kNeverThaws, Actor::kHost, "uuuuuuxuuuu"},
    {Fault::kNeverThaws, Actor::kLocal, "uuuuuuxuuuu"},
    {Fault::kThawsAtDeadline, Actor::kHost, "uuuuuuxuuuu"},
    {Fault::kThawsAtDeadline, Actor::kLocal, "uuuuuuxuuuu"},
    {Fault::kRestarts, Actor::kDriver, kAnyTime},
    {Fault::kNeverAnswers, Actor::kDaemon, kDaemonAsked},
    {Fault::kAnswersLate, Actor::kDaemon, kDaemonAsked},
    {Fault::kRefuses, Actor::kDaemon, kDaemonAsked},
    {Fault::kHangs, Actor::kDaemon, kAnyTime},
    {Fault::kDies, Actor::kDaemon, kAnyTime},
};

}  // namespace

std::span<const FaultRow> fault_rows() {
  return kRows;
}

std::string_view reason_of(char letter) {
  for (const auto& [known, reason] : kReasons) {
    if (known == letter) return reason;
  }
  return {};
}

std::string_view to_text(Fault fault) {
  switch (fault) {
    case Fault::kNeverAnswers: return "never answers";
    case Fault::kAnswersLate: return "answers late";
    case Fault::kAnswersInNext: return "answers in the next";
    case Fault::kAnswersTwice: return "answers twice";
    case Fault::kWrongId: return "wrong id";
    case Fault::kWrongOperation: return "wrong operation";
    case Fault::kRefuses: return "refuses";
    case Fault::kAsksMoreTime: return "asks for more time";
    case Fault::kHangs: return "hangs for a while";
    case Fault::kDies: return "dies";
    case Fault::kFloods: return "floods";
    case Fault::kTalksNonsense: return "talks nonsense";
    case Fault::kJoins: return "another one joins";
    case Fault::kFailsAtMount: return "fails at mount k";
    case Fault::kFreezeHangs: return "FIFREEZE in flight";
    case Fault::kThawHangs: return "FITHAW in flight";
    case Fault::kLost: return "lost";
    case Fault::kForeignFreeze: return "foreign freeze";
    case Fault::kForeignThaw: return "foreign thaw";
    case Fault::kMountAppears: return "mount appears";
    case Fault::kMountVanishes: return "mount vanishes";
    case Fault::kRepeats: return "repeats";
    case Fault::kReorders: return "reorders";
    case Fault::kVanishes: return "vanishes";
    case Fault::kSecondOne: return "two at once";
    case Fault::kAborts: return "aborts";
    case Fault::kNeverThaws: return "never thaws";
    case Fault::kThawsAtDeadline: return "thaws at the deadline";
    case Fault::kRestarts: return "restarts";
  }
  return "?";
}

std::string_view to_text(Actor actor) {
  switch (actor) {
    case Actor::kRequired: return "required writer";
    case Actor::kOptional: return "optional writer";
    case Actor::kPlain: return "plain client";
    case Actor::kFreezer: return "freezer";
    case Actor::kGuardian: return "guardian";
    case Actor::kKernel: return "kernel";
    case Actor::kHost: return "host";
    case Actor::kLocal: return "local requester";
    case Actor::kAdministrator: return "administrator";
    case Actor::kDriver: return "driver";
    case Actor::kDaemon: return "plain daemon";
  }
  return "?";
}

std::string_view short_text(Phase phase) {
  switch (phase) {
    case Phase::kIdle: return "idle";
    case Phase::kCheck: return "check";
    case Phase::kPrepare: return "prep";
    case Phase::kFreezeWriters: return "frz-wr";
    case Phase::kSeal: return "seal";
    case Phase::kFreezeFilesystems: return "frz-fs";
    case Phase::kHeld: return "held";
    case Phase::kThawFilesystems: return "thw-fs";
    case Phase::kThawWriters: return "thw-wr";
    case Phase::kAbortFilesystems: return "abt-fs";
    case Phase::kAbortWriters: return "abt-wr";
  }
  return "?";
}

}  // namespace vss::simulation
