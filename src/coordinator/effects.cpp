// What the table's effects do on the way down, at the hold, and on the way up.
#include <algorithm>

#include "coordinator/budget.hpp"
#include "coordinator/sentences.hpp"
#include "coordinator/state.hpp"

namespace vss::coordinator {

void Coordinator::State::start_check() {
  transaction.phase_end = now + transaction.budgets.check;
  start_levels(false, writers_end(now, transaction.budgets.check, transaction.filesystems));
}

void Coordinator::State::start_prepare() {
  write_note();
  transaction.phase_end = now + transaction.budgets.prepare;
  start_levels(false, writers_end(now, transaction.budgets.prepare, transaction.filesystems));
}

void Coordinator::State::start_freeze() {
  transaction.hold_deadline = record.hold_deadline = now + transaction.budgets.hold;
  transaction.phase_end = now + transaction.budgets.freeze;
  window_open = true;
  act(EnterFreezeWindow{.transaction = transaction.id});
  start_levels(false, writers_end(now, transaction.budgets.freeze, transaction.filesystems));
}

void Coordinator::State::answer_held() {
  transaction.answered_held = true;
  transaction.writers_held = judged.writers_held;
  record.grade = judgement.grade;
  write_note();
  answer_opener(true);
}

void Coordinator::State::start_thaw() {
  record.thaw_asked = now;
  tell_freezer_upward(Operation::kThaw);
}

void Coordinator::State::expire_hold() {
  transaction.torn = true;
  record.automatic_thaw = true;
  blame(sentences::hold_expired(transaction.budgets.hold, transaction.kind));
  tell_freezer_upward(Operation::kThaw);
  notify(Notify::What::kExpired, false);
}

void Coordinator::State::break_hold() {
  transaction.torn = true;
  record.automatic_thaw = true;
  tell_freezer_upward(Operation::kThaw);
  notify(Notify::What::kAborted, false);
}

void Coordinator::State::start_abort() {
  if (!judgement.enough()) {
    blame(sentences::not_enough(judgement, transaction.require, judged));
  }
  withdraw_all();
  if (transaction.answered_held) {
    transaction.torn = true;
  } else {
    answer_opener(false);
  }
  tell_freezer_upward(Operation::kAbort);
  if (transaction.answered_held) notify(Notify::What::kAborted, false);
}

// Going up the filesystems have had their half of the budget; the writers have theirs from here on,
// however long the filesystems took.
void Coordinator::State::release_writers() {
  start_levels(true, now + transaction.budgets.thaw / 2);
}

void Coordinator::State::release_unconfirmed() {
  if (transaction.freezer_saw_freeze) {
    record.released_without_freezer = true;
    transaction.torn = true;
    blame(sentences::released_unconfirmed(policy.release_margin));
    if (debt.plain) abandon_plain_debt();  // a guardian would go on trying
  }
  release_writers();
}

}  // namespace vss::coordinator
