// The end of a transaction: who is answered, what is kept, what stays owed.
#include "coordinator/sentences.hpp"
#include "coordinator/state.hpp"

namespace vss::coordinator {

Result Coordinator::State::result_of_end() {
  if (transaction.answered_held) {
    // Only the freezer's answer to THAW says whether it found something thawed already; its status
    // alone releases the writers, and proves nothing about the copy.
    const Participant* freezer = registry.find(transaction.freezer);
    if (freezer != nullptr && freezer->message_id != 0 && freezer->asked == Operation::kThaw) {
      transaction.torn = true;
      blame(sentences::thaw_unanswered());
    }
    if (!transaction.torn && transaction.holds_lost > 0) judge_again();
    return transaction.torn ? Result::kTorn : Result::kConsistent;
  }
  return transaction.stopped ? Result::kAborted : Result::kRefused;
}

// The grade is that of what held until the thaw, not of what had answered FREEZE.
void Coordinator::State::judge_again() {
  Holding left = judged;
  left.writers_held -= transaction.holds_lost;
  left.every_expected_held &= !transaction.expected_lost;
  const Judgement at_end = judge(left, transaction.require);
  if (at_end.enough()) {
    record.grade = at_end.grade;
    transaction.writers_held = left.writers_held;
  } else {
    transaction.torn = true;
    blame(transaction.hold_lost);
  }
}

void Coordinator::State::finish(Result result) {
  const bool good = result == Result::kConsistent || result == Result::kCheckPassed;
  if (result == Result::kCheckPassed) record.grade = judgement.grade;
  if (!good) {
    if (!judgement.enough()) {
      blame(sentences::not_enough(judgement, transaction.require, judged));
    }
    record.grade = Grade::kCrash;
  }
  withdraw_all();
  record.result = result;
  record.ended = now;
  record.sentence = sentence_of(result);
  answer_opener(good);
  for (const WaitingRequest& request : waiting.all())
    answer_waiting(request, true);
  waiting.clear();
  keep_ended(result);
  leave_window_if_released();
  act(KeepRecord{.transaction = transaction.id});
  // Who is bound to its transaction waits for its end; others only where they did not ask for it.
  const bool waits_for_end = transaction.options.bound_to_requester && !transaction.check_only;
  if (transaction.owner_notified || waits_for_end) notify(Notify::What::kEnded, good);
  for (std::size_t i = 0; i < order.size(); ++i)
    member(i).part = {};
  if (Participant* freezer = registry.find(transaction.freezer)) freezer->part = {};
  order.clear();
  level = LevelRun{};
  ended_in_this_step = true;
}

Reason Coordinator::State::sentence_of(Result result) {
  if (result == Result::kConsistent) {
    return sentences::consistent(record, transaction.writers_held, now - record.hold_began,
                                 transaction.hold_lost);
  }
  if (result == Result::kCheckPassed) {
    return sentences::check_passed(judgement.grade, judged.writers_held, record.filesystems);
  }
  return transaction.cause;
}

// A requester that was promised a copy and has not heard that it is torn hears it with its next
// THAW; a host's note stays until then, so that a restart of the driver does not forget it. So does
// one of filesystems that a plain freezer left frozen.
void Coordinator::State::keep_ended(Result result) {
  if (transaction.check_only) return;
  const bool host = transaction.kind != RequesterKind::kLocal;
  const bool owed =
      result == Result::kTorn && !transaction.owner_heard_end && (host || !transaction.owner_gone);
  ended.add({.id = transaction.id,
             .requester = transaction.requester,
             .name = transaction.requester_name,
             .by_name = host,
             .owed = owed,
             .how = record.sentence});
  if (!(host && owed)) close_note_of(transaction.id);
}

// A registered freezer that knows of nothing frozen says so to the next driver. A plain one cannot:
// before its FREEZE the note keeps silent about it.
void Coordinator::State::write_note() {
  note = {.transaction = transaction.id,
          .requester = transaction.requester_name,
          .answered = transaction.answered_held,
          .kind = transaction.kind,
          .selection = transaction.options.selection,
          .require = transaction.require,
          .freezer_owes =
              transaction.freezer_plain ? transaction.freezer_saw_freeze : transaction.filesystems,
          .freezer_plain = transaction.freezer_plain};
  act(WriteNote{note});
}

void Coordinator::State::close_note_of(TransactionId id) {
  if (note.transaction != id || debt.abandoned) return;
  note = {};
  act(CloseNote{});
}

void Coordinator::State::answer_opener(bool success) {
  if (!transaction.opener_waits) return;
  transaction.opener_waits = false;
  record.answered = now;
  const bool held = success && !transaction.check_only;
  act(Answer{.requester = transaction.requester,
             .tag = transaction.tag,
             .success = success,
             .transaction = transaction.id,
             .grade = success ? record.grade : Grade::kCrash,
             .hold_deadline = held ? transaction.hold_deadline : Instant::never(),
             .reason = success ? record.sentence : transaction.cause});
}

void Coordinator::State::notify(Notify::What what, bool success) {
  transaction.owner_notified = true;
  if (transaction.owner_gone) return;
  act(Notify{.requester = transaction.requester,
             .what = what,
             .transaction = transaction.id,
             .success = success,
             .grade = success ? record.grade : Grade::kCrash,
             .reason = success ? record.sentence : transaction.cause});
}

void Coordinator::State::leave_window_if_released() {
  if (!window_open || (debt.id.valid() && debt.may_be_frozen)) return;
  window_open = false;
  act(LeaveFreezeWindow{});
}

}  // namespace vss::coordinator
