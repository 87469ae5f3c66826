// Promise 10: one record of every transaction, and it says what happened.
#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "simulation/facts.hpp"

namespace vss::simulation {
namespace {

using coordinator::Record;
using coordinator::Result;
using coordinator::WriterEntry;
using coordinator::WriterFate;

class RecordPromise : public Promise {
 public:
  using Promise::Promise;

  void stepped(const Step& step) override {
    const bool was_down = step.before == Phase::kCheck || is_going_down(step.before);
    const bool is_down_now = step.after == Phase::kCheck || is_going_down(step.after);
    if (step.before == Phase::kHeld && step.after != Phase::kHeld) end_ = end_of_hold(step);
    if (released_unconfirmed(step)) unconfirmed_ = step.open_before;
    if (was_down && !is_down_now) end_ = {step.open_before, by_somebody(step), false, {}};
  }

  void kept(const Record& record) override {
    const Transaction* t = world().history().find(record.id);
    if (t == nullptr) return broken(10, "a record of a transaction that never was");
    if (t->records > 1) return broken(10, "two records of one transaction");
    const Request& request = request_of(world(), *t);
    if (record.sentence.empty()) broken(10, "a record without a sentence");
    if (record.requester != request.name || record.check_only != t->check_only ||
        record.requester_kind != request.requester_kind) {
      broken(10, "a record of something else");
    }
    if (record.began != t->began || record.ended != world().now()) {
      broken(10, "a record with wrong times");
    }
    if (record.require != required_grade(world(), request)) broken(10, "a wrong requirement");
    result(record, *t, request);
    flags(record, *t);
    phases(record, *t);
    writers(record, *t);
  }

  void ended() override {
    for (const Transaction& t : world().history().transactions) {
      if (!t.driver_lost && t.records != 1) {
        broken(10, fmt::format("{} has {} records", base::to_text(t.id).view(), t.records));
      }
    }
  }

 private:
  // How the way down, or the hold, came to its end.
  struct End {
    TransactionId id;
    bool stopped = false;    // by a requester, or its loss
    bool automatic = false;  // the hold: by the deadline, or since freezer or guardian was lost
    std::optional<Instant> thaw_asked;
  };

  // Time comes first in a step: past the margin the writers are released, whatever it brings.
  bool released_unconfirmed(const Step& step) {
    const Transaction* t = world().history().find(step.open_before);
    if (t == nullptr || t->hold_deadline.is_never()) return false;
    const bool released = step.before <= Phase::kAbortFilesystems &&
                          (step.after == Phase::kThawWriters ||
                           step.after == Phase::kAbortWriters || step.after == Phase::kIdle) &&
                          step.before != Phase::kThawWriters;
    if (!released || world().now() < t->hold_deadline + world().policy().release_margin) {
      return false;
    }
    return std::ranges::any_of(world().history().asked, [&](const Asked& asked) {
      return asked.transaction == t->id && asked.operation == Operation::kFreeze &&
             member_of(world(), asked).freezer;
    });
  }

  static bool by_somebody(const Step& step) {
    return std::holds_alternative<coordinator::ThawRequested>(step.event) ||
           std::holds_alternative<coordinator::AbortRequested>(step.event) ||
           std::holds_alternative<coordinator::RequesterGone>(step.event);
  }

  End end_of_hold(const Step& step) {
    const Transaction* t = world().history().find(step.open_before);
    const bool late = t != nullptr && world().now() >= t->hold_deadline;
    End end{step.open_before, false, late || !by_somebody(step), {}};
    if (!late && std::holds_alternative<coordinator::ThawRequested>(step.event)) {
      end.thaw_asked = world().now();
    }
    return end;
  }

  void flags(const Record& record, const Transaction& t) {
    const End end = end_.id == t.id ? end_ : End{};
    if (record.automatic_thaw != end.automatic) {
      broken(10, "the record is wrong about an automatic thaw");
    }
    if (record.thaw_asked != end.thaw_asked.value_or(Instant{})) {
      broken(10, "the record is wrong about when THAW was asked");
    }
    if (record.released_without_freezer != (unconfirmed_ == t.id)) {
      broken(10, "the record is wrong about writers that were released unconfirmed");
    }
    const bool stopped = end.stopped && !t.success;
    if ((record.result == Result::kAborted) != stopped) {
      broken(10, fmt::format("the record says '{}'", coordinator::to_text(record.result)));
    }
  }

  void result(const Record& record, const Transaction& t, const Request& request) {
    const bool yes = request.answer && request.answer->success;
    const bool fits = [&] {
      switch (record.result) {
        case Result::kCheckPassed: return t.check_only && (yes || request.excused);
        case Result::kConsistent:
        case Result::kTorn: return !t.check_only && t.success.has_value();
        case Result::kRefused:
        case Result::kAborted: return !t.success && !yes;
      }
      return false;
    }();
    if (!fits) {
      broken(10, fmt::format("the record says '{}' and the requester was told otherwise",
                             coordinator::to_text(record.result)));
    }
    if (record.result == Result::kConsistent && record.grade != worth_at_end(world(), t).grade) {
      broken(10, "the record's grade is not what held until THAW is worth");
    }
    if (record.result == Result::kRefused && record.sentence.view().starts_with("aborted by")) {
      broken(10, "an abort is called a refusal");
    }
    if (t.success && record.hold_deadline != t.hold_deadline) {
      broken(10, "the record's hold deadline is not the one that was told");
    }
  }

  void phases(const Record& record, const Transaction& t) {
    Duration sum{0};
    for (const coordinator::PhaseEntry& phase : record.phases)
      sum += phase.length;
    if (!record.phases.empty() && sum != record.ended - record.began) {
      broken(10, "the phases' lengths are not the transaction's");
    }
    const bool refused_at_once = record.phases.empty();
    const bool anybody_asked = std::ranges::any_of(
        world().history().asked, [&](const Asked& asked) { return asked.transaction == t.id; });
    if (refused_at_once && anybody_asked) broken(10, "the record lacks its phases");
  }

  void writers(const Record& record, const Transaction& t) {
    for (const Membership& member : world().history().members) {
      if (member.freezer || !takes_part(member, t)) continue;
      const auto entry = std::ranges::find_if(record.writers, [&](const WriterEntry& candidate) {
        return candidate.name.view() == member.peer->name() &&
               candidate.fate != WriterFate::kJoinedLater;
      });
      if (entry == record.writers.end()) {
        return broken(10, fmt::format("the record lacks {}", member.peer->name()));
      }
      writer(*entry, member, t);
    }
  }

  void writer(const WriterEntry& entry, const Membership& member, const Transaction& t) {
    const bool held = said_yes(asked_of(world(), member, t.id, Operation::kFreeze));
    if (entry.fate == WriterFate::kHeld && !held) {
      broken(10, fmt::format("{} did not hold and the record says so", member.peer->name()));
    }
    const auto told = [&](Operation operation) {
      return asked_of(world(), member, t.id, operation) != nullptr;
    };
    if (entry.told_thaw != told(Operation::kThaw) || entry.told_abort != told(Operation::kAbort)) {
      broken(10, fmt::format("the record is wrong about what {} was told", member.peer->name()));
    }
    const bool bad = entry.fate == WriterFate::kTimedOut || entry.fate == WriterFate::kRefused ||
                     entry.fate == WriterFate::kDropped || entry.fate == WriterFate::kLost;
    if (bad && entry.reason.empty()) broken(10, "a writer's failure without a reason");
    if (bad && all_well(member, t)) {
      broken(10, fmt::format("{} did well and the record says '{}'", member.peer->name(),
                             coordinator::to_text(entry.fate)));
    }
  }

  bool all_well(const Membership& member, const Transaction& t) {
    return member.left.is_never() &&
           std::ranges::all_of(world().history().asked, [&](const Asked& asked) {
             return asked.transaction != t.id || &member_of(world(), asked) != &member ||
                    said_yes(&asked);
           });
  }

  TransactionId unconfirmed_;  // whose writers were released without the freezer's word
  End end_;
};

}  // namespace

std::unique_ptr<Promise> make_record_promise(World& world) {
  return std::make_unique<RecordPromise>(world);
}

}  // namespace vss::simulation
