// What a transaction leaves behind: filled by the coordinator as it goes, in memory taken at start.
#pragma once

#include "base/fixed_vector.hpp"
#include "coordinator/events.hpp"
#include "coordinator/types.hpp"

namespace vss::coordinator {

enum class Result : std::uint8_t {
  kConsistent,  // the copy is as good as `grade` says
  kCheckPassed,
  kRefused,  // a CHECK said no, or FREEZE was answered with failure; nothing was promised
  kTorn,     // FREEZE was answered with success and the hold did not last until THAW
  kAborted,  // ended by an administrator, the requester or its loss before FREEZE was answered
};
std::string_view to_text(Result result);

enum class WriterFate : std::uint8_t {
  kJoinedLater,  // registered in mid-transaction: takes part in the next
  kAsked,
  kReady,     // CHECK or PREPARE answered yes
  kHeld,      // FREEZE answered yes
  kReleased,  // THAW answered, or told and not waited for
  kRefused,   // said no
  kTimedOut,
  kLost,            // its connection went away
  kDropped,         // optional, and left out after a failure
  kExpectedAbsent,  // writers.expected names it and it was not there
};
std::string_view to_text(WriterFate fate);

struct WriterEntry {
  Name name;
  int level = 0;
  bool plain = false;
  Criticality criticality{};
  WriterFate fate = WriterFate::kAsked;
  bool told_thaw = false, told_abort = false;
  Duration prepare{0}, freeze{0}, thaw{0};  // from Tell to answer (or to giving up)
  Reason reason;                            // its own words, or ours
};

struct PhaseEntry {
  Phase phase{};
  Instant began;
  Duration length{0};
};

struct Record {
  TransactionId id;
  bool check_only = false;
  RequesterKind requester_kind{};
  Name requester;
  Selection selection{};
  Grade require{};
  Grade grade{};
  Result result{};
  Reason sentence;  // one sentence a person can act on; empty never
  Instant began, answered, hold_began, hold_deadline, thaw_asked, ended;  // 0: did not happen
  bool released_without_freezer = false;  // order yielded to the deadline
  bool automatic_thaw = false;
  FilesystemCounts filesystems;
  bool freezer_plain = false;
  base::FixedVector<PhaseEntry, 16> phases;
  base::PreallocatedVector<WriterEntry>
      writers;  // limit: the policy's writers_max plus expected names
  std::uint32_t late_answers = 0;

  explicit Record(std::size_t writers_limit) : writers(writers_limit) {}
  void clear();
};

}  // namespace vss::coordinator
