// What time does: participants that are overdue, the hold deadline, the release deadline.
#include "coordinator/sentences.hpp"
#include "coordinator/state.hpp"

namespace vss::coordinator {

void Coordinator::State::pass_time() {
  if (level.open && now >= level.earliest) expire_level();
  expire_freezer();
  if (phase == Phase::kHeld && now >= transaction.hold_deadline) fire(Trigger::kHoldDeadline);
  if ((phase == Phase::kThawFilesystems || phase == Phase::kAbortFilesystems) &&
      now >= transaction.release_at) {
    fire(Trigger::kReleaseDeadline);
  }
  WaitingRequest overdue;
  while (waiting.take_overdue(now, overdue))
    answer_waiting(overdue, false);
}

// `earliest` is a lower bound: answers leave it as it is, so that an answer costs no walk. It is
// made exact here, at most once per distinct deadline of the level.
void Coordinator::State::expire_level() {
  bool required_failed = false;
  level.earliest = Instant::never();
  for (std::size_t i = level.begin; i < level.end; ++i) {
    Participant& writer = member(i);
    if (!writer.part.takes_part || !writer.awaited) continue;
    if (writer.deadline > now) {
      level.earliest = earlier_of(level.earliest, writer.deadline);
      continue;
    }
    expire_member(writer);
    required_failed |= going_down() && writer.required();
  }
  level_changed(required_failed);
}

void Coordinator::State::expire_member(Participant& writer) {
  writer.awaited = false;
  --level.waiting;
  writer.part.given_up = true;
  const Reason why = sentences::writer_late(writer, writer.asked, now - writer.asked_at);
  if (going_down()) {
    withdraw(writer);
    writer_failed(writer, WriterFate::kTimedOut, why);
    return;
  }
  // A THAW or ABORT stays in the participant's queue: it must see it.
  settle(writer, WriterFate::kTimedOut, why);
  if (phase == Phase::kThawWriters) hold_in_doubt(writer, why);
}

// THAW and ABORT of the freezer never expire: its word that nothing is frozen is always wanted.
void Coordinator::State::expire_freezer() {
  Participant* freezer = registry.find(transaction.freezer);
  if (freezer == nullptr || !freezer->awaited || now < freezer->deadline) return;
  freezer->awaited = false;
  const Reason why = sentences::freezer_late(freezer->asked, now - freezer->asked_at);
  withdraw(*freezer);
  freezer_failed(why);
}

Instant Coordinator::State::next_deadline() const {
  if (!is_open()) return Instant::never();
  Instant next = waiting.next_deadline();
  if (level.open) next = earlier_of(next, level.earliest);
  const Participant& freezer = registry.freezer_place();
  if (freezer.id == transaction.freezer && freezer.awaited) {
    next = earlier_of(next, freezer.deadline);
  }
  if (phase == Phase::kHeld) next = earlier_of(next, transaction.hold_deadline);
  if (phase == Phase::kThawFilesystems || phase == Phase::kAbortFilesystems) {
    next = earlier_of(next, transaction.release_at);
  }
  return next;
}

}  // namespace vss::coordinator
