// The freezer, its guardian, and word that everything is thawed.
#include <utility>

#include "base/assert.hpp"
#include "coordinator/sentences.hpp"
#include "coordinator/state.hpp"

namespace vss::coordinator {

void Coordinator::State::on(const FreezerJoined& event) {
  Participant* freezer = registry.add_freezer();
  if (freezer == nullptr) {
    act(RefuseParticipant{event.connection, sentences::second_freezer(registry.freezer()->plain)});
    return;
  }
  freezer->name = "freezer";
  freezer->level = base::kLevelMax + 1;
  freezer->plain = event.plain;
  freezer->timeout = policy.timeout_default;
  standing = event.standing;
  act(AcceptParticipant{event.connection, freezer->id, freezer->timeout});
  // What a plain freezer left frozen is in no slot: only another one that thaws can know of it.
  if (debt.plain) {
    if (event.plain) tell_plain_to_settle(*freezer);
    return;
  }
  // A freezer that starts has looked at every slot: clean speaks for those of its predecessor too.
  if (!event.plain && event.standing.clean) filesystems_released();
}

void Coordinator::State::on(const FreezerStatus& event) {
  Participant* freezer = registry.find(event.id);
  if (freezer == nullptr || !freezer->freezer) return;
  const bool guardian_lost = standing.guardian_alive && !event.standing.guardian_alive;
  standing = event.standing;
  const bool of_transaction = transaction.filesystems && transaction.freezer == freezer->id;
  const bool speaks_for_it = debt.id.valid() && !debt.plain;
  const bool thawed = speaks_for_it && event.standing.last_thawed == debt.id;
  if (going_down() || phase == Phase::kHeld) {
    if (thawed) return thawed_unasked();
    if (of_transaction && guardian_lost) freezer_failed(sentences::guardian_lost(phase));
    return;
  }
  // Clean counts only when it was said after the question was answered, or names the transaction:
  // an older one may still have been on its way.
  const bool asked = freezer->message_id != 0;
  if (speaks_for_it && event.standing.clean && (thawed || !asked)) filesystems_released();
}

void Coordinator::State::on(const ThawedMark& event) {
  if (!debt.id.valid() || debt.plain || event.transaction != debt.id) return;
  if (going_down() || phase == Phase::kHeld) {
    thawed_unasked();
  } else {
    filesystems_released();
  }
}

void Coordinator::State::thawed_unasked() {
  pay_debt();
  freezer_failed(sentences::thawed_unasked(phase));
}

void Coordinator::State::freezer_answered(Participant& freezer, const Answered& event) {
  const bool awaited = freezer.awaited;
  const Operation operation = freezer.asked;
  // A requester that hears of the end may ask again at once, before the freezer's status is read.
  if (event.freezer_clean) {
    standing.clean = true;
    standing.reason.clear();
  }
  if (awaited && event.success) freezer.remember_yes();
  freezer.message_id = 0;
  freezer.awaited = false;
  if (operation == Operation::kThaw || operation == Operation::kAbort) {
    freezer_confirmed_end(freezer, event);
    return;
  }
  if (!awaited) return;
  const std::uint32_t planned = record.filesystems.to_freeze;
  record.filesystems = event.filesystems;
  // The plan was made in PREPARE; FREEZE may find it changed, never change it.
  if (operation == Operation::kFreeze && !freezer.plain &&
      record.filesystems.to_freeze != planned) {
    record.filesystems.plan_changed = true;
  }
  if (event.success) {
    fire(Trigger::kFreezerDone);
  } else {
    freezer_failed(sentences::freezer_refused(operation, event.reason));
  }
}

// The answer to THAW or ABORT. It says that nothing is frozen if nothing is in flight; a failure
// counts as that only where nothing is left frozen. What is not confirmed here is by a later
// status, or mark.
void Coordinator::State::freezer_confirmed_end(const Participant& freezer, const Answered& event) {
  // A status may have confirmed the thaw before; the counts matter all the same.
  const bool of_open = is_open() && freezer.part.released;
  const FilesystemCounts& said = event.filesystems;
  if (of_open) {
    record.filesystems.in_flight = said.in_flight;
    record.filesystems.thawed_by_others = said.thawed_by_others;
    record.filesystems.thawed_by_guardian = said.thawed_by_guardian;
    record.filesystems.owner_unknown = said.owner_unknown;
  }
  if (of_open && transaction.answered_held) {
    const bool tampered = said.thawed_by_others > 0 || said.thawed_by_guardian > 0;
    if (tampered || !event.success) {
      transaction.torn = true;
      blame(tampered ? sentences::thaw_tampered(said, event.reason)
                     : sentences::freezer_thaw_failed(event.reason));
    }
  }
  const bool nothing_left = said.in_flight == 0 && (event.success || said.frozen == 0);
  if (freezer.plain ? event.success : nothing_left) return filesystems_released();
  // Of a plain one nothing may be owed any more: an administrator gave his word meanwhile.
  if (!freezer.plain || !debt.plain) return;
  // It counts nothing and reports nothing further. The writers need not wait for more.
  abandon_plain_debt();
  if (is_open()) fire(Trigger::kThawConfirmed);
}

void Coordinator::State::freezer_left(Participant& freezer, const Reason& reason) {
  const bool takes_part = is_open() && transaction.filesystems && transaction.freezer == freezer.id;
  registry.remove(freezer);
  standing = FreezerStanding{};
  if (debt.plain) abandon_plain_debt();
  const bool settled = !debt.may_be_frozen;  // without a FREEZE nothing is frozen
  if (!takes_part || phase == Phase::kThawWriters || phase == Phase::kAbortWriters) {
    if (settled && debt.id.valid()) filesystems_released();
    return;
  }
  const Reason why = sentences::freezer_lost(phase, reason);
  if (going_down() || phase == Phase::kHeld) {
    if (settled) pay_debt();
    freezer_failed(why);
    return;
  }
  if (transaction.answered_held) {
    transaction.torn = true;
    blame(why);
  }
  if (settled) filesystems_released();
}

void Coordinator::State::freezer_failed(const Reason& why) {
  blame(why);
  fire(Trigger::kFreezerFailed);
}

void Coordinator::State::abandon_plain_debt() {
  VSS_ASSERT(debt.plain && debt.id.valid());
  if (debt.abandoned) return;
  debt.abandoned = true;
  act(TellKernelLog{sentences::left_frozen(debt.id)});
}

// A note that stays must not say of what runs that it may be frozen: a driver that comes after this
// one would believe it.
FreezerDebt Coordinator::State::pay_debt() {
  if (debt.id.valid() && note.transaction == debt.id && note.freezer_owes) {
    note.freezer_owes = false;
    act(WriteNote{note});
  }
  return std::exchange(debt, {});
}

// Nothing is frozen any more, of the open transaction or of one that ended without knowing.
void Coordinator::State::filesystems_released() {
  const FreezerDebt paid = pay_debt();
  if (paid.abandoned) {
    act(TellKernelLog{sentences::thawed_at_last(paid.id)});
    const bool still_open = is_open() && transaction.id == paid.id;
    const EndedTransaction* before = ended.find(paid.id);
    const bool host_is_owed = before != nullptr && before->by_name && before->owed;
    if (!still_open && !host_is_owed) close_note_of(paid.id);
  }
  if (is_open()) {
    fire(Trigger::kThawConfirmed);
  } else {
    leave_window_if_released();
  }
}

}  // namespace vss::coordinator
