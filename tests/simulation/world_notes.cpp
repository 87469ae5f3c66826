// How the world notes what happened, and lets the promises look at it.
#include <algorithm>
#include <variant>

#include "records/json.hpp"
#include "records/render.hpp"
#include "simulation/world.hpp"

namespace vss::simulation {

using coordinator::Action;
using coordinator::Event;

namespace {

// The phase to which a question belongs. A plain client is told THAW where others are told ABORT.
Phase phase_of(Operation operation, bool freezer, Phase now) {
  const bool aborting = now == Phase::kAbortFilesystems || now == Phase::kAbortWriters;
  switch (operation) {
    case Operation::kCheck: return Phase::kCheck;
    case Operation::kPrepare: return Phase::kPrepare;
    case Operation::kFreeze: return freezer ? Phase::kFreezeFilesystems : Phase::kFreezeWriters;
    case Operation::kThaw:
      if (aborting) break;
      return freezer ? Phase::kThawFilesystems : Phase::kThawWriters;
    case Operation::kAbort: break;
  }
  return freezer ? Phase::kAbortFilesystems : Phase::kAbortWriters;
}

}  // namespace

void World::about_to_step(const Event& event) {
  phase_before_ = driver_->phase();
  open_before_ = driver_->coordinator().open_transaction();
  if (const auto* answered = std::get_if<coordinator::Answered>(&event)) note_answer(*answered);
  if (const auto* left = std::get_if<coordinator::ParticipantLeft>(&event)) note_left(*left);
  if (const auto* joined = std::get_if<coordinator::FreezerJoined>(&event)) {
    history_.standing_told = joined->standing;
  }
  if (const auto* status = std::get_if<coordinator::FreezerStatus>(&event)) {
    history_.standing = status->standing;
    trace("driver", "standing", "clean {}, guardian {}", status->standing.clean,
          status->standing.guardian_alive);
    if (Transaction* open = history_.find(open_before_)) {
      if (!status->standing.guardian_alive) open->guardian_lost = true;
      if (status->standing.last_thawed >= open->id) open->thawed_unasked = true;
    }
  }
}

void World::stepped(const Event& event, const coordinator::StepResult& result) {
  const coordinator::ActionList& actions = result.actions;
  const auto request_index = std::exchange(request_in_step_, std::nullopt);
  const TransactionId open = driver_->coordinator().open_transaction();
  if (request_index) {
    Request& request = history_.requests[*request_index];
    request.open_then = open_before_;
    request.phase_then = phase_before_;
    trace_request(request);
    note_request(*request_index, open, actions);
  }
  for (const Action& action : actions) {
    trace_action(action);
    note_action(action);
  }
  if (driver_->phase() != phase_before_) {
    trace("driver", "phase", "{}", coordinator::to_text(driver_->phase()));
  }
  const Step step{event,
                  actions,
                  phase_before_,
                  driver_->phase(),
                  open_before_,
                  open,
                  request_index ? &history_.requests[*request_index] : nullptr,
                  result.next_deadline};
  for (const auto& promise : promises_)
    promise->stepped(step);
}

void World::after_step() {
  if (driver_->phase() == phase_before_) return;
  schedule_faults(driver_->phase());
}

// --- requests and transactions ---

void World::note_request(std::size_t index, TransactionId open,
                         const coordinator::ActionList& actions) {
  Request& request = history_.requests[index];
  const bool opens =
      request.kind == Request::Kind::kCheck || request.kind == Request::Kind::kFreeze;
  if (!opens) {
    Transaction* then = history_.find(open_before_);
    if (then != nullptr && request.kind == Request::Kind::kAbort) then->abort_asked = true;
    return;
  }
  TransactionId opened = open != open_before_ ? open : TransactionId{};
  for (const Action& action : actions) {
    if (const auto* keep = std::get_if<coordinator::KeepRecord>(&action)) {
      if (keep->transaction != open_before_) opened = keep->transaction;
    }
  }
  if (!opened.valid()) return;
  request.opened = opened;
  Transaction transaction;
  transaction.id = opened;
  transaction.check_only = request.kind == Request::Kind::kCheck;
  transaction.request = index;
  transaction.began = now();
  transaction.standing_then = history_.standing;
  history_.transactions.push_back(std::move(transaction));
}

void World::note_answer(const coordinator::Answered& answered) {
  const Membership* member = history_.find_member(answered.id);
  Asked* asked = history_.find_message(answered.message_id);
  const bool its_own =
      member != nullptr && asked != nullptr && &history_.members[asked->member] == member;
  trace(member != nullptr ? member->peer->name() : "nobody", "answers", "{:x} {} {}",
        answered.message_id, answered.operation_raw, answered.success ? "yes" : "no");
  if (!its_own) return;
  ++asked->answers;
  if (answered.operation_raw != coordinator::operation_raw(asked->operation)) return;
  if (asked->answered) return;
  asked->answered = now();
  asked->success = answered.success;
  asked->counts = answered.filesystems;
}

void World::note_left(const coordinator::ParticipantLeft& left) {
  Membership* member = history_.find_member(left.id);
  if (member == nullptr) return;
  member->left = now();
  trace(member->peer->name(), "left", "{}", left.reason.view());
}

// --- actions ---

void World::note_accepted(const coordinator::AcceptParticipant& accept) {
  Membership member;
  member.link = accept.connection;
  member.peer = peers_[accept.connection];
  member.id = accept.id;
  member.actor = member.peer->actor();
  member.freezer = member.actor == Actor::kFreezer || member.actor == Actor::kDaemon;
  member.plain = member.peer->plain();
  member.timeout = accept.timeout;
  member.joined = now();
  if (const Writer* joined = writer(member.peer)) {
    member.level = joined->spec().level;
    member.required = member.actor != Actor::kOptional;
    member.expected = joined->spec().expected;
  } else {
    history_.standing = history_.standing_told;
  }
  history_.members.push_back(member);
}

void World::note_told(const coordinator::Tell& tell) {
  const Membership* member = history_.find_member(tell.id);
  VSS_ASSERT(member != nullptr);
  Asked asked;
  for (std::size_t i = 0; i < history_.members.size(); ++i) {
    if (&history_.members[i] == member) asked.member = i;
  }
  asked.message_id = tell.message_id;
  asked.transaction = tell.transaction;
  asked.operation = tell.operation;
  asked.ask = current_ask_;
  const bool over = driver_->phase() == Phase::kIdle;  // within this very step
  asked.phase = phase_of(tell.operation, member->freezer, over ? phase_before_ : driver_->phase());
  asked.told = now();
  asked.reply_deadline = tell.reply_deadline;
  asked.hold_deadline = tell.hold_deadline;
  if (Transaction* t = history_.find(tell.transaction)) {
    t->hold_deadline = earlier_of(t->hold_deadline, tell.hold_deadline);
  }
  history_.asked.push_back(asked);
}

void World::note_replied(const coordinator::Answer& answer) {
  for (Request& request : history_.requests) {
    if (request.requester != answer.requester || request.tag != answer.tag) continue;
    request.answer = answer;
    ++request.answers;
    request.answered = now();
    Transaction* t = history_.find(answer.transaction);
    if (t == nullptr || request.kind != Request::Kind::kFreeze || !answer.success) return;
    t->success = now();
    t->success_grade = answer.grade;
  }
}

void World::note_action(const Action& action) {
  if (const auto* accept = std::get_if<coordinator::AcceptParticipant>(&action)) {
    note_accepted(*accept);
  } else if (const auto* tell = std::get_if<coordinator::Tell>(&action)) {
    note_told(*tell);
  } else if (const auto* answer = std::get_if<coordinator::Answer>(&action)) {
    note_replied(*answer);
  } else if (const auto* withdraw = std::get_if<coordinator::Withdraw>(&action)) {
    Asked* asked = history_.find_message(withdraw->message_id);
    if (asked != nullptr) asked->overtaken = !asked->answered;
  } else if (const auto* late = std::get_if<coordinator::TellLate>(&action)) {
    if (Asked* asked = history_.find_message(late->message_id)) ++asked->lates;
  } else if (std::holds_alternative<coordinator::TellKernelLog>(action)) {
    administrator_.reads_kernel_log();
  } else if (const auto* grant = std::get_if<coordinator::GrantTime>(&action)) {
    Asked* asked = history_.find_message(grant->message_id);
    if (asked == nullptr || grant->granted == Duration{0}) return;
    asked->reply_deadline = later_of(asked->reply_deadline, now() + grant->granted);
  }
}

void World::keep(const coordinator::Record& record) {
  // Through the real record code, and back: what a person will read.
  const records::TransactionRecord kept = records::make_record(record, {}, {});
  const std::string json = records::to_json(kept);
  const auto again = records::record_from_json(json);
  if (!again || records::to_json(*again) != json) {
    violated(10, "the record does not survive its own JSON");
  }
  if (records::render_explain(kept).find(kept.sentence) == std::string::npos) {
    violated(10, "the rendered record lacks its sentence");
  }
  trace("driver", "record", "{} {} {}: {}", base::to_text(record.id).view(),
        coordinator::to_text(record.result), coordinator::to_text(record.grade),
        record.sentence.view());
  if (Transaction* t = history_.find(record.id)) {
    ++t->records;
    t->record = record;
    t->ended = true;
    t->ended_at = now();
  }
  for (const auto& promise : promises_)
    promise->kept(record);
}

void World::note_found(const coordinator::NoteFound& note) {
  history_.notes_found.push_back(note);
}

// --- participants' side ---

Question World::question_of_plain(const wire::DeviceMessage& message) {
  Question question;
  question.operation = static_cast<wire::Operation>(message.operation);
  question.message_id = message.message_id;
  if (const Asked* asked = history_.find_message(message.message_id)) {
    question.transaction = asked->transaction;
    question.reply_deadline = asked->reply_deadline;
    question.hold_deadline = asked->hold_deadline;
  }
  return question;
}

void World::saw(Participant& who, const Question& question) {
  trace_question(who, question);
  if (Asked* asked = history_.find_message(question.message_id)) asked->seen = now();
  for (const auto& promise : promises_)
    promise->saw(who, question);
}

void World::released_itself(const Writer& who, TransactionId transaction) {
  trace(who.name(), "releases", "itself of {}", base::to_text(transaction).view());
  for (const auto& promise : promises_)
    promise->released_itself(who, transaction);
}

void World::saw_late(Participant& who, std::uint64_t message_id) {
  trace(who.name(), "is late", "{:x}", message_id);
}

}  // namespace vss::simulation
