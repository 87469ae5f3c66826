// The inside of Coordinator. Private to this folder: coordinator.cpp holds the glue, on_*.cpp turn
// events and time into triggers, effects.cpp does what the table says, asking.cpp tells
// participants.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/fixed_vector.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/grading.hpp"
#include "coordinator/registry.hpp"
#include "coordinator/transitions.hpp"
#include "coordinator/waiting_requests.hpp"

namespace vss::coordinator {

// What is open, beside its record and the participants' parts.
struct Transaction {
  TransactionId id;
  RequesterId requester;
  RequesterKind kind{};
  Name requester_name;
  std::uint32_t tag = 0;
  SnapshotOptions options;
  Grade require{};
  Budgets budgets;
  bool check_only = false;

  bool opener_waits = false;  // CHECK or FREEZE is not answered yet
  bool owner_gone = false;
  bool answered_held = false;    // FREEZE was answered with success
  bool owner_heard_end = false;  // a THAW of the owner was answered
  bool owner_notified = false;   // of an end it did not ask for
  bool stopped = false;          // ended by a requester or its loss, not by a failure
  bool torn = false;             // the hold was not intact
  std::size_t writers_held = 0;  // when FREEZE was answered; at the end: until the thaw
  std::size_t holds_lost = 0;    // of optional writers, after FREEZE was answered
  bool expected_lost = false;    // one of them is expected
  Reason hold_lost;              // why the first of them was
  Reason cause;                  // the first thing that went wrong

  bool filesystems = false;  // the freezer takes part
  ParticipantId freezer;
  bool freezer_plain = false;
  bool freezer_saw_freeze = false;

  Instant phase_end;  // of the budget of this phase, on the way down
  Instant hold_deadline = Instant::never();
  Instant release_at = Instant::never();
};

// The level that is being asked, and those still to come in this phase.
struct LevelRun {
  bool upward = false;
  std::size_t cursor = 0;          // how many members of `order` lie behind
  std::size_t begin = 0, end = 0;  // the level's part of `order`
  std::size_t levels_left = 0;
  Instant writers_end;  // until when all levels together may take
  Instant limit;        // until when this one may be stretched
  bool open = false;
  std::size_t waiting = 0;              // members not yet answered and not given up
  Instant earliest = Instant::never();  // no member's time is over before this
};

// What the freezer owes beyond the end of a transaction: word that nothing of it is frozen any
// more.
struct FreezerDebt {
  TransactionId id;            // none: nothing is owed
  bool may_be_frozen = false;  // it was told FREEZE: the freeze window stays until it is paid
  bool plain = false;          // of a plain freezer: no clean status and no mark speaks for it
  // It is gone, or could not thaw, and nobody does it in its place: on Linux a frozen filesystem
  // stays so when its freezer's descriptors are closed. An administrator was told.
  bool abandoned = false;
};

struct Coordinator::State {
  State(const Policy& policy_in, FirstNumbers first, std::span<const Row> table_in);

  StepResult step(Instant at, const Event& event);
  Reason why_none_starts(bool filesystems) const;
  Reason why_not_ready(bool filesystems) const;
  std::vector<ParticipantView> view_participants() const;

  // --- the table (coordinator.cpp) ---
  void fire(Trigger trigger);
  bool holds(Guard guard);
  void perform(Effect effect);
  void enter(Phase next);

  // --- time (on_time.cpp) ---
  void pass_time();
  void expire_level();
  void expire_member(Participant& writer);
  void expire_freezer();
  Instant next_deadline() const;

  // --- events of participants (on_participants.cpp) ---
  void on(const WriterJoined& event);
  void on(const ParticipantLeft& event);
  void on(const Answered& event);
  void on(const MoreTimeAsked& event);
  void writer_answered(Participant& writer, const Answered& event);
  void yes_taken_back(Participant& participant, const Answered& event);
  void writer_left(Participant& writer, const Reason& reason);
  void writer_failed(Participant& writer, WriterFate fate, const Reason& why);
  void hold_in_doubt(const Participant& writer, const Reason& why);
  void level_changed(bool required_failed);

  // --- events of the freezer (on_freezer.cpp) ---
  void on(const FreezerJoined& event);
  void on(const FreezerStatus& event);
  void on(const ThawedMark& event);
  void freezer_answered(Participant& freezer, const Answered& event);
  void freezer_confirmed_end(const Participant& freezer, const Answered& event);
  void freezer_left(Participant& freezer, const Reason& reason);
  void freezer_failed(const Reason& why);
  void thawed_unasked();
  void abandon_plain_debt();
  FreezerDebt pay_debt();
  void filesystems_released();

  // --- events of requesters (on_requesters.cpp) ---
  void on(const CheckRequested& event);
  void on(const FreezeRequested& event);
  void on(const ThawRequested& event);
  void on(const AbortRequested& event);
  void on(const RequesterGone& event);
  void on(const NoteFound& event);
  void on(const Tick&) {}
  template <typename Request>
  void open_request(const Request& event, bool check_only);
  void release_by_id(const ThawRequested& event);
  void thaw_of_link(const ThawRequested& event);
  void thaw_of_owner(const ThawRequested& event);
  void wait_for_end(WaitingRequest::Kind kind, RequesterId requester, std::uint32_t tag);
  void answer_waiting(const WaitingRequest& waiting, bool in_time);
  void refuse(RequesterId requester, std::uint32_t tag, const Reason& why);
  bool owns(RequesterId requester, const Name& name) const;

  // --- effects of the table (effects.cpp) ---
  void start_check();
  void start_prepare();
  void start_freeze();
  void answer_held();
  void start_thaw();
  void expire_hold();
  void break_hold();
  void start_abort();
  void release_writers();
  void release_unconfirmed();

  // --- the end (finish.cpp) ---
  void finish(Result result);
  Result result_of_end();
  void judge_again();
  Reason sentence_of(Result result);
  void keep_ended(Result result);
  void write_note();
  void close_note_of(TransactionId id);
  void answer_opener(bool success);
  void notify(Notify::What what, bool success);
  void leave_window_if_released();

  // --- asking (asking.cpp) ---
  void tell(Participant& participant, Operation operation, Instant deadline, bool awaited);
  void tell_plain_to_settle(Participant& freezer);
  void withdraw(Participant& participant);
  void withdraw_all();
  void start_levels(bool upward, Instant writers_part_end);
  bool find_next_member();
  void ask_level();
  void ask_member(Participant& member, Operation operation);
  void ask_freezer();
  void tell_freezer_upward(Operation operation);
  bool eligible(const Participant& writer) const;
  Participant& member(std::size_t position);

  // --- the record (keeping.cpp) ---
  void begin_transaction(bool check_only);
  void sort_members();
  void note_expected_absent();
  Holding holding(bool planned);
  WriterEntry* entry_of(const Participant& writer);
  void settle(const Participant& writer, WriterFate fate, const Reason& why);
  std::uint32_t rule_of(const Name& name) const;
  bool is_expected(const Name& name) const;
  void blame(const Reason& why);
  bool is_open() const { return phase != Phase::kIdle; }
  bool going_down() const;
  void act(const Action& action);

  // Fixed at construction.
  const Policy policy;
  const std::span<const Row> table;
  std::vector<std::uint32_t> rules_by_name;
  std::vector<std::uint8_t> rule_seen;

  FirstNumbers numbers;
  Instant now;
  Phase phase = Phase::kIdle;
  Transaction transaction;
  Record record;
  Registry registry;
  std::vector<std::uint32_t> order;  // members by ascending level
  LevelRun level;
  FreezerStanding standing;
  FreezerDebt debt;
  bool window_open = false;
  OpenNote note;  // as it lies in the runtime directory; of no transaction: none does
  WaitingRequests waiting;
  EndedTransactions ended;
  Judgement judgement;  // of the last kEnough
  Holding judged;
  std::optional<Trigger> follow;  // what an effect leads to at once
  bool ended_in_this_step = false;
  ActionList actions;
  Reason not_ready_reason;
};

}  // namespace vss::coordinator
