// Everything the coordinator can ask for. The driver performs these in order; results come back
// only as new events.
#pragma once

#include <variant>

#include "coordinator/record.hpp"
#include "coordinator/types.hpp"

namespace vss::coordinator {

// --- to participants ---

struct AcceptParticipant {
  std::uint64_t connection = 0;
  ParticipantId id;
  Duration timeout{0};  // granted
};
struct RefuseParticipant {
  std::uint64_t connection = 0;
  Reason reason;
};
struct Tell {
  ParticipantId id;
  Operation operation{};
  std::uint64_t message_id = 0;  // never used before, by any driver of this boot
  TransactionId transaction;
  Instant reply_deadline = Instant::never();
  Instant hold_deadline = Instant::never();  // from FREEZE on
};
// The request was overtaken: a plain client must no longer read it, and its answer will be late.
// Never for THAW and ABORT, which have to be seen.
struct Withdraw {
  ParticipantId id;
  std::uint64_t message_id = 0;
};
// The answer to `message_id` came late, twice or with a wrong name: roll back.
struct TellLate {
  ParticipantId id;
  std::uint64_t message_id = 0;
  std::uint32_t operation_raw = 0;
};
struct GrantTime {
  ParticipantId id;
  std::uint64_t message_id = 0;
  Duration granted{0};
};

// --- to requesters ---

// Exactly one per CheckRequested, FreezeRequested, ThawRequested and AbortRequested.
struct Answer {
  RequesterId requester;
  std::uint32_t tag = 0;
  bool success = false;
  TransactionId transaction;
  Grade grade = Grade::kCrash;
  Instant hold_deadline = Instant::never();
  Reason reason;
};
// The requester's transaction changed without its asking (kExpired, kAborted: it was held, and is
// being thawed), or it ended: kEnded comes last, after everything runs and the record is there. A
// bound requester always hears of the end of a FREEZE, another one only of an end that it did not
// ask for; a CHECK ends with its answer.
struct Notify {
  RequesterId requester;
  enum class What : std::uint8_t { kExpired, kAborted, kEnded } what{};
  TransactionId transaction;
  bool success = false;
  Grade grade = Grade::kCrash;
  Reason reason;
};

// --- to the driver itself ---

// From the first Tell of PREPARE to CloseNote the note in the runtime directory must say so;
// `answered` is set just before a FREEZE is answered with success, `freezer_owes` of a plain
// freezer just before it is told FREEZE.
struct WriteNote {
  OpenNote note;
};
struct CloseNote {};
// From here to LeaveFreezeWindow nothing may touch a disk: logs wait in the ring.
struct EnterFreezeWindow {
  TransactionId transaction;
};
struct LeaveFreezeWindow {};
// The transaction ended. The record lies in the coordinator until the next step: the driver takes
// it now.
struct KeepRecord {
  TransactionId transaction;
};
// Said at once where no disk is needed, on the kernel's log: something stays frozen until an
// administrator acts, or no longer does.
struct TellKernelLog {
  Reason text;
};

using Action = std::variant<AcceptParticipant, RefuseParticipant, Tell, Withdraw, TellLate,
                            GrantTime, Answer, Notify, WriteNote, CloseNote, EnterFreezeWindow,
                            LeaveFreezeWindow, KeepRecord, TellKernelLog>;

}  // namespace vss::coordinator
