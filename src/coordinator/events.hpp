// Everything that can happen to the coordinator. The driver and the simulator make these; nothing
// else changes its state.
#pragma once

#include <variant>

#include "coordinator/types.hpp"

namespace vss::coordinator {

// --- participants (devices/ makes these from a connection's bytes) ---

// A writer or plain application client. Answered by AcceptParticipant or RefuseParticipant in the
// same step. `connection` is the driver's own number, repeated in that answer.
struct WriterJoined {
  std::uint64_t connection = 0;
  bool plain = false;  // 64-byte client: level 100, required, no PREPARE and no ABORT
  Name name;           // plain: made by the session from the peer, e.g. "plain:812"
  int level = base::kLevelDefault;
  Criticality criticality = Criticality::kRequired;
  Duration timeout{0};  // asked for; 0: the default
};

// Where freezer and guardian stand, as they report it.
struct FreezerStanding {
  bool clean = false;  // no slot open, nothing in flight, guardian disarmed
  bool guardian_alive = false;
  TransactionId last_thawed;
  Reason reason;  // when not clean
};

// The one freezer; a second is refused. `plain`: a filesystem daemon written for FreeBSD; it
// reports no standing and no summary: its word is taken, and the record says so. It is told THAW at
// once where another one left filesystems frozen.
struct FreezerJoined {
  std::uint64_t connection = 0;
  bool plain = false;
  FreezerStanding standing;
};
struct FreezerStatus {
  ParticipantId id;
  FreezerStanding standing;
};

// The connection is gone, for whatever reason; said once per accepted participant.
struct ParticipantLeft {
  ParticipantId id;
  Reason reason;
};

// Counts of superblocks, with a freezer's answer (wire/filesystems.hpp has the same with prose).
struct FilesystemCounts {
  std::uint32_t to_freeze = 0, frozen = 0, synced = 0, excluded = 0, lower_grade = 0, in_flight = 0;
  std::uint32_t thawed_by_others = 0, thawed_by_guardian = 0, owner_unknown = 0;
  bool plan_changed = false;
};

// A participant answered. `operation` is what it says it answers; `message_id` must be the one that
// its Tell carried, or the answer is late (or a lie): TellLate goes out and nothing else changes.
struct Answered {
  ParticipantId id;
  std::uint64_t message_id = 0;
  std::uint32_t operation_raw = 0;  // wire value as sent; checked against what was asked
  bool success = false;
  Reason reason;
  FilesystemCounts filesystems;  // freezer only
  bool freezer_clean = false;    // with it: as a FreezerStatus that says clean
};

struct MoreTimeAsked {
  ParticipantId id;
  std::uint64_t message_id = 0;
  Duration duration{0};  // from now
};

// The thawed page shows this transaction: freezer, guardian or recovery thawed all it had frozen.
// The driver watches the page while the freezer's connection is gone.
struct ThawedMark {
  TransactionId transaction;
};

// --- requesters (requesters/ makes these) ---

struct SnapshotOptions {
  Selection selection = Selection::kAll;  // the paths stay with the driver
  bool require_given = false;
  Grade require = Grade::kFilesystem;
  Duration hold_budget{0};         // 0: as configured; the door has held it against the limit
  bool bound_to_requester = true;  // RequesterGone aborts it (false: `vssctl hold`)
};

// Ask "could you?". `tag` is the requester's own number for the request, repeated in Answer.
struct CheckRequested {
  RequesterId requester;
  RequesterKind kind = RequesterKind::kLocal;
  Name name;
  std::uint32_t tag = 0;
  SnapshotOptions options;
};

// PREPARE and FREEZE in one.
struct FreezeRequested {
  RequesterId requester;
  RequesterKind kind = RequesterKind::kLocal;
  Name name;
  std::uint32_t tag = 0;
  SnapshotOptions options;
};

// THAW. A host's link sends it bare (transaction none): it speaks of what this link opened, and is
// success where nothing is open. With an id (`vssctl release`): that transaction must be the one
// held.
struct ThawRequested {
  RequesterId requester;
  Name name;
  std::uint32_t tag = 0;
  TransactionId transaction;
};

// End whatever is open, whoever asked for it (`vssctl thaw`). `all_thawed`: an administrator's word
// that nothing is frozen any more (`vssctl thaw --force`); it settles what a plain freezer left.
struct AbortRequested {
  RequesterId requester;
  Name name;
  std::uint32_t tag = 0;
  bool all_thawed = false;
};

struct RequesterGone {
  RequesterId requester;
  Reason reason;
};

// What a driver that comes after a killed one must know of the open transaction.
struct OpenNote {
  TransactionId transaction;
  Name requester;
  bool answered = false;  // the FREEZE had been answered success
  RequesterKind kind{};
  Selection selection{};
  Grade require{};
  // A registered freezer takes part, or a plain one was told to freeze: nothing new begins before
  // it is known that nothing of this is frozen, which a registered one says, or its mark, and a
  // plain one by its answer to THAW. False from then on.
  bool freezer_owes = false;
  bool freezer_plain = false;
};

// At start, before anything else: the note of a driver that died with a transaction open. The link
// of that name gets failure for its next THAW, once; a release of that id fails.
struct NoteFound {
  OpenNote note;
};

// Nothing happened but time: the deadline that step() returned has come (or not: early is
// harmless).
struct Tick {};

using Event = std::variant<WriterJoined, FreezerJoined, FreezerStatus, ParticipantLeft, Answered,
                           MoreTimeAsked, ThawedMark, CheckRequested, FreezeRequested,
                           ThawRequested, AbortRequested, RequesterGone, NoteFound, Tick>;

}  // namespace vss::coordinator
