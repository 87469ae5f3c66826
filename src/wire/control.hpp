// Bodies of the frames between vssctl and vssd.
//
// One connection carries one request at a time. Status, writers, history and explain answer with
// kControlData pieces of one JSON document (the schema is records/), then kControlReply. Plan
// answers with kDetail frames as the freezer sent them, then kControlReply. Snapshot and hold are
// answered when everything holds or failed; a snapshot stays bound to its connection: closing it
// aborts. kControlNotice comes on that connection when the transaction changed by itself (deadline,
// abort), and when it has ended and its record is written.
#pragma once

#include <cstdint>
#include <expected>

#include "wire/filesystems.hpp"
#include "wire/participant.hpp"

namespace vss::wire {

enum class ControlCommand : std::uint32_t {
  kStatus = 1,
  kWriters = 2,
  kPlan = 3,
  kHistory = 4,
  kExplain = 5,    // anyone
  kSnapshot = 16,  // PREPARE…FREEZE bound to this connection; then kThaw on it   (administrators)
  kHold = 17,      // the same, owned by the driver                             (administrators)
  kRelease = 18,   // thaw what kHold froze, by id (or none: the one held)      (administrators)
  kThaw = 19,      // snapshot's own thaw, on its connection                    (administrators)
  kAbort = 20,     // end the open transaction, whoever asked for it            (administrators)
  kCheck = 21,     // CHECK of all participants                                 (administrators)
};

struct ControlRequest {
  ControlCommand command{};
  base::TransactionId transaction;  // kExplain, kRelease; none: the latest
  FilesystemRequest filesystems;    // kPlan, kSnapshot, kHold, kCheck
  bool require_given = false;       // filesystems.require was asked for, else configured
  base::Duration hold_budget{0};    // 0: configured
  base::FixedText<256> note;        // snapshot: COMMAND, for the record
  bool all_thawed = false;          // kAbort: the administrator's word that nothing is frozen
};

struct ControlReply {
  std::uint32_t status = kStatusSuccess;
  base::TransactionId transaction;
  base::Instant hold_deadline = base::Instant::never();  // snapshot, hold: when it ends by itself
  Grade grade = Grade::kCrash;
  Reason reason;
};

enum class NoticeKind : std::uint32_t {
  kExpired = 0,  // the hold deadline passed, or something thawed: the copy may be torn
  kAborted = 1,  // ended by an administrator or a lost participant
  kEnded = 2,    // everything runs, the record is written; status says whether the copy is good
};
struct ControlNotice {
  NoticeKind kind{};
  ControlReply outcome;
};

FrameWriter make_frame(const ControlRequest&, std::uint32_t tag);
FrameWriter make_frame(const ControlReply&, std::uint32_t tag);
FrameWriter make_frame(const ControlNotice&);
FrameWriter make_control_data(std::string_view piece, std::uint32_t tag);

std::expected<ControlRequest, FrameError> decode_control_request(const FrameView&);
std::expected<ControlReply, FrameError> decode_control_reply(const FrameView&);
std::expected<ControlNotice, FrameError> decode_control_notice(const FrameView&);
std::expected<std::string_view, FrameError> decode_control_data(const FrameView&);

}  // namespace vss::wire
