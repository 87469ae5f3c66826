// Telling participants: level by level, and the freezer.
#include <algorithm>

#include "coordinator/budget.hpp"
#include "coordinator/state.hpp"

namespace vss::coordinator {
namespace {

bool is_downward(Operation operation) {
  return operation != Operation::kThaw && operation != Operation::kAbort;
}

Operation operation_of(Phase phase) {
  switch (phase) {
    case Phase::kCheck: return Operation::kCheck;
    case Phase::kPrepare: return Operation::kPrepare;
    case Phase::kAbortFilesystems:
    case Phase::kAbortWriters: return Operation::kAbort;
    case Phase::kThawFilesystems:
    case Phase::kThawWriters: return Operation::kThaw;
    default: return Operation::kFreeze;
  }
}

}  // namespace

Participant& Coordinator::State::member(std::size_t position) {
  return registry.at(order[position]);
}

void Coordinator::State::tell(Participant& participant, Operation operation, Instant deadline,
                              bool awaited) {
  // A plain client knows no ABORT: it is told THAW, and answers that.
  if (participant.plain && operation == Operation::kAbort) operation = Operation::kThaw;
  withdraw(participant);
  if (numbers.message_id == 0) numbers.message_id = 1;
  participant.message_id = numbers.message_id++;
  participant.asked = operation;
  participant.asked_at = now;
  participant.deadline = deadline;
  participant.awaited = awaited;
  if (operation == Operation::kPrepare || operation == Operation::kFreeze) {
    participant.part.saw = true;
  }
  if (!is_downward(operation)) participant.part.released = true;
  const bool held = operation != Operation::kCheck && operation != Operation::kPrepare;
  act(Tell{.id = participant.id,
           .operation = operation,
           .message_id = participant.message_id,
           // While that stands nothing else is asked, though requests come and are refused.
           .transaction = debt.abandoned ? debt.id : transaction.id,
           .reply_deadline = deadline,
           .hold_deadline = held ? transaction.hold_deadline : Instant::never()});
}

void Coordinator::State::withdraw(Participant& participant) {
  if (participant.message_id != 0 && is_downward(participant.asked)) {
    act(Withdraw{.id = participant.id, .message_id = participant.message_id});
  }
  participant.message_id = 0;
  participant.awaited = false;
}

void Coordinator::State::withdraw_all() {
  const auto overtaken = [this](Participant& participant) {
    if (participant.message_id != 0 && is_downward(participant.asked)) withdraw(participant);
  };
  for (std::size_t i = 0; i < order.size(); ++i)
    overtaken(member(i));
  if (Participant* freezer = registry.find(transaction.freezer)) overtaken(*freezer);
}

bool Coordinator::State::eligible(const Participant& writer) const {
  const Participant::Part& part = writer.part;
  if (!part.takes_part) return false;
  switch (phase) {
    case Phase::kCheck: return !part.dropped;
    case Phase::kPrepare: return !part.dropped && !writer.plain;
    case Phase::kFreezeWriters: return !part.dropped && (part.ready || writer.plain);
    case Phase::kThawWriters:
    case Phase::kAbortWriters: return part.saw && !part.released;
    default: return false;
  }
}

void Coordinator::State::start_levels(bool upward, Instant writers_part_end) {
  level = LevelRun{};
  level.upward = upward;
  level.writers_end = writers_part_end;
  int last = base::kLevelMin - 1;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Participant& writer = member(i);
    if (!eligible(writer) || writer.level == last) continue;
    last = writer.level;
    ++level.levels_left;
  }
  follow = Trigger::kLevelDone;
}

// Moves the cursor to the next member that is to be asked. Each place is passed once a phase.
bool Coordinator::State::find_next_member() {
  for (; level.cursor < order.size(); ++level.cursor) {
    const std::size_t at = level.upward ? order.size() - 1 - level.cursor : level.cursor;
    if (eligible(member(at))) return true;
  }
  return false;
}

void Coordinator::State::ask_level() {
  if (!find_next_member()) return;
  const auto position = [this] {
    return level.upward ? order.size() - 1 - level.cursor : level.cursor;
  };
  const std::size_t first = position();
  const int number = member(first).level;
  // In PREPARE a required writer may have taken longer than the writers' part of the phase; those
  // who come after it share a part of what it has left, rather than being given no time at all.
  if (phase == Phase::kPrepare) {
    const Duration left = transaction.phase_end - now;
    level.writers_end =
        later_of(level.writers_end, writers_end(now, left, transaction.filesystems));
  }
  level.limit = level_limit(now, level.writers_end, level.levels_left);
  if (level.levels_left > 0) --level.levels_left;
  level.earliest = Instant::never();
  level.waiting = 0;
  level.open = true;
  std::size_t last = first;
  const Operation operation = operation_of(phase);
  for (; level.cursor < order.size(); ++level.cursor) {
    Participant& next = member(position());
    if (!eligible(next)) continue;
    if (next.level != number) break;
    last = position();
    ask_member(next, operation);
  }
  level.begin = std::min(first, last);
  level.end = std::max(first, last) + 1;
}

void Coordinator::State::ask_member(Participant& writer, Operation operation) {
  // PREPARE has no timeout of its own but the phase's budget. An optional writer gets its level's
  // share of it, so that it cannot use up what the others need.
  Instant deadline = member_deadline(now, writer.timeout, level.limit);
  if (operation == Operation::kPrepare) {
    deadline = writer.required() ? transaction.phase_end : level.limit;
  }
  const bool awaited = !writer.part.given_up;
  tell(writer, operation, deadline, awaited);
  if (WriterEntry* entry = entry_of(writer)) {
    entry->told_thaw |= writer.asked == Operation::kThaw;
    entry->told_abort |= writer.asked == Operation::kAbort;
    if (!awaited && entry->fate == WriterFate::kHeld) entry->fate = WriterFate::kReleased;
  }
  if (!awaited) return;
  ++level.waiting;
  level.earliest = earlier_of(level.earliest, deadline);
}

void Coordinator::State::ask_freezer() {
  Participant* freezer = registry.find(transaction.freezer);
  const bool skips = phase == Phase::kPrepare && transaction.freezer_plain;
  if (!transaction.filesystems || freezer == nullptr || skips) {
    follow = Trigger::kFreezerDone;
    return;
  }
  const Operation operation = operation_of(phase);
  const bool freezes = operation == Operation::kFreeze;
  if (freezes) {
    transaction.freezer_saw_freeze = true;
    if (transaction.freezer_plain) write_note();  // before it can freeze anything
  }
  tell(*freezer, operation, transaction.phase_end, true);
  if (freezes && record.hold_began == Instant{}) record.hold_began = now;
  if (operation != Operation::kCheck) {
    debt = {.id = transaction.id,
            .may_be_frozen = transaction.freezer_saw_freeze,
            .plain = freezer->plain};
  }
}

// A plain freezer that joins while what another one froze is nobody's. It has the time it needs.
void Coordinator::State::tell_plain_to_settle(Participant& freezer) {
  tell(freezer, Operation::kThaw, Instant::never(), false);
}

void Coordinator::State::tell_freezer_upward(Operation operation) {
  if (!debt.id.valid()) {
    follow = Trigger::kThawConfirmed;
  }
  // Without a FREEZE nothing is frozen, and the writers need not wait longer than for a
  // participant.
  transaction.release_at = transaction.freezer_saw_freeze
                               ? transaction.hold_deadline + policy.release_margin
                               : now + policy.timeout_default;
  Participant* freezer = registry.find(transaction.freezer);
  if (freezer == nullptr || !freezer->part.saw) return;
  tell(*freezer, operation, now + transaction.budgets.thaw / 2, false);
}

}  // namespace vss::coordinator
