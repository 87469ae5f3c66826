// Requests from hosts and administrators, and what is owed to them.
#include "coordinator/sentences.hpp"
#include "coordinator/state.hpp"

namespace vss::coordinator {
namespace {

// The requester of a note that was found: nobody has this number, so it is known by its name.
constexpr RequesterId kRequesterBeforeRestart{~std::uint64_t{0}};

}  // namespace

void Coordinator::State::on(const CheckRequested& event) {
  open_request(event, true);
}
void Coordinator::State::on(const FreezeRequested& event) {
  open_request(event, false);
}

template <typename Request>
void Coordinator::State::open_request(const Request& event, bool check_only) {
  // A request in the very step that ended a transaction came while that was open; besides, its
  // record must stay until the driver has taken it.
  if (is_open() || ended_in_this_step) {
    refuse(event.requester, event.tag,
           sentences::busy(transaction.requester_name, transaction.id, phase));
    return;
  }
  transaction = Transaction{};
  transaction.requester = event.requester;
  transaction.kind = event.kind;
  transaction.requester_name = event.name;
  transaction.tag = event.tag;
  transaction.options = event.options;
  begin_transaction(check_only);
  if (!check_only) ended.forgive(event.requester, event.name);
  fire(check_only ? Trigger::kCheckAsked : Trigger::kFreezeAsked);
}

void Coordinator::State::on(const ThawRequested& event) {
  if (event.transaction.valid()) {
    release_by_id(event);
  } else {
    thaw_of_link(event);
  }
}

// Speaks of one transaction, whoever asked for it: `vssctl release`. What is bound to its requester
// is not for others to release: the requester would take the hold for intact until its own THAW.
void Coordinator::State::release_by_id(const ThawRequested& event) {
  const TransactionId id = event.transaction;
  if (is_open() && transaction.id == id) {
    if (going_down()) {
      refuse(event.requester, event.tag, sentences::not_held_yet(id, phase));
      return;
    }
    if (transaction.requester == event.requester) return thaw_of_owner(event);
    if (transaction.options.bound_to_requester) {
      refuse(event.requester, event.tag, sentences::bound(id, transaction.requester_name));
      return;
    }
    transaction.owner_notified = true;  // of the end: it did not ask for this
    wait_for_end(WaitingRequest::Kind::kRelease, event.requester, event.tag);
    fire(Trigger::kThawAsked);
    return;
  }
  const EndedTransaction* before = ended.find(id);
  refuse(event.requester, event.tag,
         before != nullptr ? sentences::ended_before(id, before->how) : sentences::not_open(id));
}

void Coordinator::State::thaw_of_owner(const ThawRequested& event) {
  wait_for_end(WaitingRequest::Kind::kThaw, event.requester, event.tag);
  fire(Trigger::kThawAsked);
}

// Bare: speaks of what this link opened. Hosts send it freely, so it is success where that is
// nothing, or nothing any more; but a copy that was promised and is torn is said once.
void Coordinator::State::thaw_of_link(const ThawRequested& event) {
  if (is_open() && owns(event.requester, event.name)) {
    if (going_down()) {
      transaction.stopped = true;
      blame(sentences::withdrawn(transaction.requester_name, phase));
    }
    return thaw_of_owner(event);
  }
  EndedTransaction* torn = ended.find_owed(event.requester, event.name);
  Answer answer{.requester = event.requester,
                .tag = event.tag,
                .success = torn == nullptr,
                .transaction = torn == nullptr ? TransactionId{} : torn->id,
                .grade = Grade::kCrash,
                .hold_deadline = Instant::never(),
                .reason = torn == nullptr ? sentences::nothing_open() : torn->how};
  act(answer);
  if (torn == nullptr) return;
  torn->owed = false;
  close_note_of(torn->id);
}

void Coordinator::State::on(const AbortRequested& event) {
  if (event.all_thawed && debt.abandoned) filesystems_released();
  if (!is_open()) {
    const Reason not_clean = why_not_ready(false);
    act(Answer{.requester = event.requester,
               .tag = event.tag,
               .success = not_clean.empty(),
               .transaction = debt.id,
               .grade = Grade::kCrash,
               .hold_deadline = Instant::never(),
               .reason = not_clean.empty() ? sentences::nothing_open() : not_clean});
    return;
  }
  if (going_down() || phase == Phase::kHeld) {
    transaction.stopped = true;
    blame(sentences::aborted(event.name, phase));
  }
  wait_for_end(WaitingRequest::Kind::kAbort, event.requester, event.tag);
  fire(Trigger::kAbortAsked);
}

void Coordinator::State::on(const RequesterGone& event) {
  waiting.forget(event.requester);
  ended.requester_gone(event.requester);
  if (!is_open() || transaction.requester != event.requester) return;
  transaction.owner_gone = true;
  transaction.opener_waits = false;
  // A hold that outlives its connection must have been told to it: nobody else knows its number.
  if (transaction.answered_held && !transaction.options.bound_to_requester) return;
  if (going_down() || phase == Phase::kHeld) {
    transaction.stopped = true;
    blame(sentences::requester_gone(transaction.requester_name, event.reason));
  }
  fire(Trigger::kOwnerGone);
}

void Coordinator::State::on(const NoteFound& event) {
  const OpenNote& found = event.note;
  ended.add({.id = found.transaction,
             .requester = kRequesterBeforeRestart,
             .name = found.requester,
             .by_name = true,
             .owed = true,
             .how = sentences::driver_died(found.transaction, found.answered)});
  note = found;
  if (!found.freezer_owes) return;
  debt = {.id = found.transaction, .may_be_frozen = true, .plain = found.freezer_plain};
  if (!debt.plain) return;
  // Its daemon lost the device with the driver that died. What it did then, nobody knows.
  window_open = true;
  act(EnterFreezeWindow{.transaction = debt.id});
  abandon_plain_debt();
}

void Coordinator::State::wait_for_end(WaitingRequest::Kind kind, RequesterId requester,
                                      std::uint32_t tag) {
  const bool waits = waiting.add({.kind = kind,
                                  .requester = requester,
                                  .tag = tag,
                                  .answer_by = now + transaction.budgets.thaw});
  if (!waits) refuse(requester, tag, sentences::too_many_waiting());
}

// At the end, or when the requester's time is over before it.
void Coordinator::State::answer_waiting(const WaitingRequest& request, bool in_time) {
  const bool runs = in_time && !debt.id.valid();
  const bool copy_good = record.result == Result::kConsistent;
  const bool of_copy = request.kind != WaitingRequest::Kind::kAbort && transaction.answered_held;
  const bool success = runs && (!of_copy || copy_good);
  Reason reason = record.sentence;
  if (!in_time) {
    reason = sentences::thaw_unfinished(transaction.budgets.thaw, phase);
  } else if (!runs) {
    reason = why_not_ready(false);
  } else if (!of_copy) {
    reason = sentences::everything_runs(transaction.id);
  }
  if (request.kind == WaitingRequest::Kind::kThaw) transaction.owner_heard_end = true;
  act(Answer{.requester = request.requester,
             .tag = request.tag,
             .success = success,
             .transaction = transaction.id,
             .grade = success && of_copy ? record.grade : Grade::kCrash,
             .hold_deadline = Instant::never(),
             .reason = reason});
}

void Coordinator::State::refuse(RequesterId requester, std::uint32_t tag, const Reason& why) {
  act(Answer{.requester = requester,
             .tag = tag,
             .success = false,
             .transaction = {},
             .grade = Grade::kCrash,
             .hold_deadline = Instant::never(),
             .reason = why});
}

// A host's link may have been opened anew since: it is known by its name.
bool Coordinator::State::owns(RequesterId requester, const Name& name) const {
  if (transaction.requester == requester) return true;
  return transaction.kind != RequesterKind::kLocal && transaction.requester_name == name;
}

}  // namespace vss::coordinator
