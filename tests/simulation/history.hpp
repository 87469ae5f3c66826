// What actually happened, noted where it happened: the promises are checked against this, never
// against the coordinator's own bookkeeping.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "coordinator/actions.hpp"
#include "coordinator/events.hpp"
#include "coordinator/record.hpp"
#include "simulation/faults.hpp"
#include "simulation/scenario.hpp"

namespace vss::simulation {

using base::Instant;
using base::TransactionId;
using coordinator::Operation;

class Participant;

// One life of a participant's connection, as long as the driver counts it in.
struct Membership {
  std::uint64_t link = 0;
  Participant* peer = nullptr;
  coordinator::ParticipantId id;
  Actor actor{};
  bool freezer = false, plain = false;
  bool required = true, expected = false;  // what configuration makes of it
  int level = 0;
  Duration timeout{0};  // granted
  Instant joined;
  Instant left = Instant::never();  // the driver knows
};

// One Tell, and what became of it.
struct Asked {
  std::size_t member = 0;  // index of its Membership
  std::uint64_t message_id = 0;
  TransactionId transaction;
  Operation operation{};
  unsigned ask = 0;
  Instant told;
  Instant reply_deadline;  // with what was granted
  Instant hold_deadline;
  std::optional<Instant> seen;      // the participant read it
  std::optional<Instant> answered;  // the right answer reached the driver
  bool success = false;
  coordinator::FilesystemCounts counts;  // freezer
  std::uint32_t answers = 0;             // that named it and reached the driver
  std::uint32_t lates = 0;               // TellLate that named it
  bool faulty = false;                   // its answer is a fault's matter
  bool overtaken = false;                // withdrawn, or already over, when the answer came
  coordinator::Phase phase{};            // in which it was told
};

// A request of a requester.
struct Request {
  enum class Kind : std::uint8_t { kCheck, kFreeze, kThaw, kAbort } kind{};
  coordinator::RequesterId requester;
  coordinator::RequesterKind requester_kind{};
  coordinator::Name name;
  std::uint32_t tag = 0;
  TransactionId names;   // THAW: the transaction it names, or none
  TransactionId thawed;  // ABORT: an administrator has thawed that, and gives his word
  coordinator::SnapshotOptions options;
  unsigned ask = 0;
  Instant delivered;        // to the coordinator
  TransactionId opened;     // the transaction it began, if any
  TransactionId open_then;  // the one that was open when it came
  coordinator::Phase phase_then{};
  std::optional<coordinator::Answer> answer;
  std::uint32_t answers = 0;
  Instant answered;
  bool excused = false;  // requester or driver gone: no answer is due
};

// A CHECK or a snapshot, from its number to its record.
struct Transaction {
  TransactionId id;
  bool check_only = false;
  std::size_t request = 0;  // index
  Instant began;
  bool ended = false;
  Instant ended_at;
  bool driver_lost = false;  // no record can be due
  std::uint32_t records = 0;
  std::optional<coordinator::Record> record;
  std::optional<Instant> success;  // FREEZE was answered with success
  coordinator::Grade success_grade{};
  Instant hold_deadline = Instant::never();
  coordinator::FreezerStanding standing_then;  // the freezer's, when it began
  std::optional<Instant> planned, replanned;   // when the freezer looked at the mount table
  // What happened to it.
  bool abort_asked = false;
  bool word_given = false;          // of an administrator, that nothing of it is frozen any more
  std::uint32_t foreign_thaws = 0;  // of filesystems that it had frozen
  std::uint32_t guardian_thaws = 0;
  bool guardian_lost = false;   // the freezer said so
  bool thawed_unasked = false;  // the same
};

struct Strike {
  FaultSpec fault;
  Instant at;
  coordinator::Phase phase{};
};

struct History {
  std::deque<Membership> members;
  std::deque<Asked> asked;
  std::deque<Request> requests;
  std::deque<Transaction> transactions;
  std::vector<Strike> strikes;
  std::vector<coordinator::NoteFound> notes_found;
  coordinator::FreezerStanding standing;       // as the driver knows it
  coordinator::FreezerStanding standing_told;  // of a freezer that may be refused

  Transaction* find(TransactionId id);
  const Transaction* find(TransactionId id) const { return const_cast<History*>(this)->find(id); }
  Asked* find_message(std::uint64_t message_id);
  Membership* find_member(coordinator::ParticipantId id);  // that has not left
  Membership* find_link(std::uint64_t link);
};

}  // namespace vss::simulation
