// Writers: joining, answering, asking for more time, leaving.
#include <algorithm>

#include "coordinator/budget.hpp"
#include "coordinator/sentences.hpp"
#include "coordinator/state.hpp"

namespace vss::coordinator {

void Coordinator::State::on(const WriterJoined& event) {
  const bool level_valid = event.level >= base::kLevelMin && event.level <= base::kLevelMax;
  if (!level_valid || event.name.empty()) {
    act(RefuseParticipant{event.connection, "a writer needs a name and a level from 0 to 999"});
    return;
  }
  Participant* writer = registry.add_writer();
  if (writer == nullptr) {
    act(RefuseParticipant{event.connection, sentences::writers_limit(policy.writers_max)});
    return;
  }
  writer->name = event.name;
  writer->plain = event.plain;
  Duration most = policy.timeout_max;
  if (!event.plain) {
    writer->level = event.level;
    writer->criticality = event.criticality;
    writer->rule = rule_of(event.name);
  }
  if (writer->rule != kNoEntry) {
    const WriterRule& rule = policy.writers[writer->rule];
    writer->level = rule.level.value_or(writer->level);
    writer->criticality = rule.criticality.value_or(writer->criticality);
    most = rule.timeout_max.value_or(most);
  }
  const bool asked = event.timeout > Duration{0};
  writer->timeout = std::min(asked ? event.timeout : policy.timeout_default, most);
  act(AcceptParticipant{event.connection, writer->id, writer->timeout});
  if (!is_open()) return;
  WriterEntry entry;
  entry.name = writer->name;
  entry.level = writer->level;
  entry.plain = writer->plain;
  entry.criticality = writer->criticality;
  entry.fate = WriterFate::kJoinedLater;
  record.writers.push_back(entry);  // past its limit the record goes without: nothing depends on it
}

void Coordinator::State::on(const ParticipantLeft& event) {
  Participant* participant = registry.find(event.id);
  if (participant == nullptr) return;
  if (participant->freezer) {
    freezer_left(*participant, event.reason);
  } else {
    writer_left(*participant, event.reason);
  }
}

// An answer counts only for the one question that is open, under its number and its operation.
// Anything else is late, a repetition or a lie: its sender is told to roll back, nothing changes.
void Coordinator::State::on(const Answered& event) {
  Participant* participant = registry.find(event.id);
  if (participant == nullptr) return;
  const bool fits = participant->message_id != 0 && participant->message_id == event.message_id &&
                    operation_raw(participant->asked) == event.operation_raw;
  if (!fits) {
    if (is_open()) ++record.late_answers;
    // Told to roll back for a repeated yes, a participant would stop holding and still be counted.
    if (participant->repeats(event.message_id)) {
      if (!event.success) yes_taken_back(*participant, event);
      return;
    }
    act(TellLate{participant->id, event.message_id, event.operation_raw});
    return;
  }
  if (participant->freezer) {
    freezer_answered(*participant, event);
  } else {
    writer_answered(*participant, event);
  }
}

void Coordinator::State::on(const MoreTimeAsked& event) {
  Participant* participant = registry.find(event.id);
  if (participant == nullptr) return;
  const bool pending = participant->awaited && participant->message_id == event.message_id;
  Duration granted{0};
  if (pending) {
    const bool whole_phase = participant->freezer ||
                             (participant->asked == Operation::kPrepare && participant->required());
    const Instant limit = whole_phase ? transaction.phase_end : level.limit;
    participant->deadline = extended_deadline(now, participant->deadline, event.duration, limit);
    granted = participant->deadline - now;
  }
  act(GrantTime{participant->id, event.message_id, granted});
}

void Coordinator::State::writer_answered(Participant& writer, const Answered& event) {
  const bool awaited = writer.awaited;
  const Operation operation = writer.asked;
  const Duration took = now - writer.asked_at;
  if (awaited && event.success) writer.remember_yes();
  writer.message_id = 0;
  writer.awaited = false;
  WriterEntry* entry = entry_of(writer);
  // Told to a writer that had been left out, or after the end: heard, but nobody waits for it.
  if (!awaited || entry == nullptr) return;
  --level.waiting;
  bool required_failed = false;
  const bool upward = operation == Operation::kThaw || operation == Operation::kAbort;
  if (operation == Operation::kPrepare) entry->prepare = took;
  if (operation == Operation::kFreeze) entry->freeze = took;
  if (upward) {
    settle(writer, WriterFate::kReleased, event.success ? Reason{} : event.reason);
    if (!event.success && phase == Phase::kThawWriters) {
      hold_in_doubt(writer, sentences::writer_refused(writer, operation, event.reason));
    }
  } else if (!event.success) {
    required_failed = writer.required();
    writer_failed(writer, WriterFate::kRefused,
                  sentences::writer_refused(writer, operation, event.reason));
  } else if (operation == Operation::kFreeze) {
    writer.part.held = true;
    entry->fate = WriterFate::kHeld;
    if (record.hold_began == Instant{}) record.hold_began = now;
  } else {
    writer.part.ready = operation == Operation::kPrepare;
    entry->fate = WriterFate::kReady;
  }
  level_changed(required_failed);
}

// It said yes and now says that it is none: as much as a loss.
void Coordinator::State::yes_taken_back(Participant& participant, const Answered& event) {
  if (!is_open() || !(going_down() || phase == Phase::kHeld)) return;
  const Operation operation =
      participant.part.held_message == event.message_id ? Operation::kFreeze : Operation::kPrepare;
  if (participant.freezer) {
    freezer_failed(sentences::freezer_refused(operation, event.reason));
    return;
  }
  Participant& writer = participant;
  if (!writer.part.takes_part || writer.part.dropped) return;
  const Reason why = sentences::writer_refused(writer, operation, event.reason);
  if (going_down()) {
    if (writer.awaited) --level.waiting;
    withdraw(writer);
    writer_failed(writer, WriterFate::kRefused, why);
  } else {
    settle(writer, WriterFate::kRefused, why);
    hold_in_doubt(writer, why);
  }
  writer.part.held = writer.part.ready = false;
  level_changed(writer.required());
}

// On the way down. An optional writer is left out, and released at once where it may hold
// something.
void Coordinator::State::writer_failed(Participant& writer, WriterFate fate, const Reason& why) {
  WriterEntry* entry = entry_of(writer);
  if (entry != nullptr) {
    entry->fate = writer.required() ? fate : WriterFate::kDropped;
    entry->reason = why;
  }
  if (writer.required()) {
    blame(why);
    return;
  }
  writer.part.dropped = true;
  if (fate == WriterFate::kLost || !writer.part.saw || writer.part.released) return;
  tell(writer, Operation::kAbort, now + writer.timeout, false);
  if (entry != nullptr) entry->told_abort = true;
}

// On the way up, or while held: whether this writer held until the thaw, nobody can say. Of an
// optional one only its share is lost: the end judges what is left.
void Coordinator::State::hold_in_doubt(const Participant& writer, const Reason& why) {
  if (writer.required()) {
    transaction.torn |= phase != Phase::kHeld;  // there the table says so
    blame(why);
    return;
  }
  if (!transaction.answered_held || !writer.part.held) return;
  ++transaction.holds_lost;
  transaction.expected_lost |= is_expected(writer.name);
  if (transaction.hold_lost.empty()) transaction.hold_lost = why;
}

void Coordinator::State::writer_left(Participant& writer, const Reason& reason) {
  bool required_failed = false;
  const Participant::Part part = writer.part;
  if (writer.awaited) --level.waiting;
  if (part.takes_part && !part.dropped && is_open()) {
    const Reason why = sentences::writer_lost(writer, phase, reason);
    const bool held_until_thaw = part.released && !writer.awaited;
    if (going_down()) {
      required_failed = writer.required();
      writer_failed(writer, WriterFate::kLost, why);
    } else if (!held_until_thaw) {
      settle(writer, WriterFate::kLost, why);
      required_failed = writer.required() && phase == Phase::kHeld;
      hold_in_doubt(writer, why);
    }
  }
  registry.remove(writer);
  level_changed(required_failed);
}

void Coordinator::State::level_changed(bool required_failed) {
  if (required_failed) {
    fire(Trigger::kRequiredFailed);
  } else if (level.open && level.waiting == 0) {
    level.open = false;
    fire(Trigger::kLevelDone);
  }
}

}  // namespace vss::coordinator
