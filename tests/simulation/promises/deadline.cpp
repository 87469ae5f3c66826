// Promise 5: one absolute hold deadline, nothing held beyond it, and a THAW that comes after the
// copy may be torn is answered with failure.
#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "simulation/facts.hpp"

namespace vss::simulation {
namespace {

using coordinator::Answer;
using Kind = Request::Kind;

// A copy that was promised and is torn, and whose requester has not heard so.
struct Owed {
  TransactionId id;
  coordinator::RequesterId requester;
  coordinator::Name name;
  bool host = false;
  bool certain = true;  // false: a note of a FREEZE that had not been answered
};

class DeadlinePromise : public Promise {
 public:
  using Promise::Promise;

  void stepped(const Step& step) override {
    note_requests(step);
    bool noted = false;
    for (const coordinator::Action& action : step.actions) {
      if (const auto* tell = std::get_if<coordinator::Tell>(&action)) {
        told(*tell);
      } else if (const auto* note = std::get_if<coordinator::WriteNote>(&action)) {
        noted = note->note.answered && note->note.transaction == step.open_after;
        note_ = note->note.transaction;
      } else if (std::holds_alternative<coordinator::CloseNote>(action)) {
        note_ = {};
      } else if (const auto* answer = std::get_if<Answer>(&action)) {
        answered(*answer, noted);
      }
    }
    hold(step);
  }

  void driver_died() override { owed_.clear(); }

  void kept(const coordinator::Record& record) override {
    const Transaction* t = world().history().find(record.id);
    if (t == nullptr) return;
    // Only a torn copy whose requester has not heard so is worth remembering.
    if (record.result != coordinator::Result::kTorn) {
      const bool owed = is_left_to_plain_freezer(world(), t->id);
      if (note_ == t->id && !owed) broken(5, "the note stays though nothing is owed");
      return;
    }
    if (heard_.id == t->id) return;
    const Request& opener = request_of(world(), *t);
    const bool host = opener.requester_kind != RequesterKind::kLocal;
    if (!host && opener.excused) return;
    const auto& gone = world().gone_requesters();
    if (!host && std::ranges::find(gone, opener.requester) != gone.end()) return;
    owed_.push_back({t->id, opener.requester, opener.name, host});
  }

 private:
  void note_requests(const Step& step) {
    if (const auto* note = std::get_if<coordinator::NoteFound>(&step.event)) {
      const coordinator::OpenNote& open = note->note;
      owed_.push_back({open.transaction, {}, open.requester, true, open.answered});
      note_ = open.transaction;
    }
    if (const auto* went = std::get_if<coordinator::RequesterGone>(&step.event)) {
      std::erase_if(
          owed_, [&](const Owed& owed) { return !owed.host && owed.requester == went->requester; });
    }
    // Whoever asks anew speaks of that from then on.
    const Request* request = step.request;
    if (request != nullptr && request->kind == Kind::kFreeze && request->opened.valid()) {
      std::erase_if(owed_, [&](const Owed& owed) { return is_owed(owed, *request); });
    }
  }

  static bool is_owed(const Owed& owed, const Request& request) {
    return owed.requester == request.requester || (owed.host && owed.name == request.name);
  }

  // --- the deadline ---

  void told(const coordinator::Tell& tell) {
    const Transaction* t = world().history().find(tell.transaction);
    if (t == nullptr) return;
    if (tell.operation != Operation::kCheck && note_ != t->id) {
      broken(5, "somebody is told something that no note would remember");
    }
    if (tell.operation != Operation::kFreeze) return;
    Instant first = world().now();
    for (const Asked& asked : world().history().asked) {
      if (asked.transaction == t->id && asked.operation == Operation::kFreeze) {
        first = earlier_of(first, asked.told);
      }
    }
    const Duration budget = budgets_of(world(), request_of(world(), *t)).hold;
    if (tell.hold_deadline != first + budget) broken(5, "a FREEZE carries a wrong hold deadline");
  }

  void hold(const Step& step) {
    const Transaction* t = world().history().find(step.open_after);
    if (step.after == Phase::kHeld) {
      if (t == nullptr || !t->success) return broken(5, "held without an answer");
      if (world().now() >= t->hold_deadline) broken(5, "held beyond the deadline");
    }
    if (step.before == Phase::kHeld && step.after != Phase::kHeld) left_hold(step);
    const bool down = is_going_down(step.after) || step.after == Phase::kHeld;
    if (!down || t == nullptr) return;
    if (request_of(world(), *t).options.selection == Selection::kNone) return;
    if (t->guardian_lost) broken(5, "it goes on although the guardian was lost");
    if (t->thawed_unasked) broken(5, "it goes on although the freezer says that all is thawed");
    const bool there = std::ranges::any_of(world().history().members, [&](const Membership& m) {
      return m.freezer && takes_part(m, *t) && m.left.is_never();
    });
    if (!there) broken(5, "it goes on although the freezer was lost");
  }

  void left_hold(const Step& step) {
    const Transaction* t = world().history().find(step.open_before);
    if (t == nullptr) return;
    if (world().now() > t->hold_deadline + World::kTick) broken(5, "the hold ends too late");
    const bool asked = std::holds_alternative<coordinator::ThawRequested>(step.event);
    if (!asked || world().now() >= t->hold_deadline) unasked_.push_back(t->id);
    bool freezer_told = request_of(world(), *t).options.selection == Selection::kNone;
    for (const coordinator::Action& action : step.actions) {
      const auto* tell = std::get_if<coordinator::Tell>(&action);
      if (tell == nullptr || is_down(tell->operation)) continue;
      const Membership* member = world().history().find_member(tell->id);
      freezer_told |= member != nullptr && member->freezer;
    }
    const bool there = std::ranges::any_of(world().history().members, [](const Membership& m) {
      return m.freezer && m.left.is_never();
    });
    if (!freezer_told && there && !t->thawed_unasked) {
      broken(5, "the hold ends and the freezer is not told");
    }
  }

  // --- answers to THAW ---

  void answered(const Answer& answer, bool noted) {
    for (const Request& request : world().history().requests) {
      if (request.requester != answer.requester || request.tag != answer.tag) continue;
      if (request.kind == Kind::kFreeze && answer.success && !noted) {
        broken(5, "FREEZE succeeds and the note does not say so");
      }
      if (request.kind == Kind::kThaw) thaw_answered(request, answer);
      return;
    }
  }

  void thaw_answered(const Request& request, const Answer& answer) {
    const Transaction* open = world().history().find(request.open_then);
    const bool by_id = request.names.valid();
    const bool concerns_open =
        open != nullptr &&
        (by_id ? request.names == open->id : owns(request, request_of(world(), *open)));
    if (concerns_open) {
      if (!by_id) heard_ = {open->id, request.requester, request.name};
      const Request& opener = request_of(world(), *open);
      if (by_id && opener.options.bound_to_requester && !owns(request, opener)) {
        if (answer.success) broken(5, "somebody releases what is bound to another");
        return;
      }
      const bool early = request.phase_then < Phase::kHeld;
      if (by_id && early && answer.success) broken(5, "what is not held yet is released");
      if (!early && open->success) of_copy(*open, request, answer);
      return;
    }
    if (by_id) {
      if (answer.success) broken(5, "a transaction that is not open is released");
      return;
    }
    const auto owed = std::ranges::find_if(
        owed_, [&](const Owed& candidate) { return is_owed(candidate, request); });
    if (owed == owed_.end()) {
      if (!answer.success) broken(5, "THAW with nothing open fails: " + text(answer));
      return;
    }
    if (owed->certain && answer.success) {
      broken(5, "THAW succeeds although its copy is torn and nobody was told");
    }
    owed_.erase(owed);
  }

  static std::string text(const Answer& answer) { return std::string(answer.reason.view()); }

  void of_copy(const Transaction& t, const Request& request, const Answer& answer) {
    const std::string torn = why_torn(t);
    if (!torn.empty() && answer.success) broken(5, "THAW succeeds although " + torn);
    if (torn.empty() && !answer.success && !may_be_torn(t, request)) {
      broken(5, "THAW fails without a cause: " + text(answer));
    }
    if (answer.success && answer.grade != worth_at_end(world(), t).grade) {
      broken(5, "THAW is answered with another grade than what held is worth");
    }
  }

  std::string why_torn(const Transaction& t) {
    if (std::ranges::find(unasked_, t.id) != unasked_.end()) return "the hold had ended before";
    const bool foreign_again = std::ranges::any_of(
        world().history().strikes,
        [](const Strike& strike) { return strike.fault.fault == Fault::kForeignFreeze; });
    if (t.foreign_thaws > 0 && !foreign_again) return "someone else had thawed a filesystem";
    if (t.guardian_thaws > 0) return "the guardian acted";
    for (const Membership& member : world().history().members) {
      if (member.freezer || !member.required || !takes_part(member, t)) continue;
      const bool released = asked_of(world(), member, t.id, Operation::kThaw) != nullptr;
      if (!member.left.is_never() && !released) return member.peer->name() + " was lost";
    }
    if (worth_at_end(world(), t).grade < required_grade(world(), request_of(world(), t))) {
      return "less than required held to the end";
    }
    return "";
  }

  // What a coordinator may take for a broken hold, though nobody can be sure.
  bool may_be_torn(const Transaction& t, const Request& request) {
    const Duration budget = budgets_of(world(), request_of(world(), t)).thaw;
    if (world().now() >= request.delivered + budget) return true;
    if (t.foreign_thaws > 0 || world().thaws_on_its_own(t)) return true;
    if (worth_at_end(world(), t).writers == 0) return true;  // perhaps no filesystem either
    for (const Asked& asked : world().history().asked) {
      if (asked.transaction != t.id || is_down(asked.operation)) continue;
      const Membership& member = member_of(world(), asked);
      const bool yes = member.freezer ? asked.answered && asked.success : said_yes(&asked);
      const bool well = yes && member.left.is_never();
      if ((member.freezer || member.required) && !well) return true;
    }
    return false;
  }

  TransactionId note_;  // that lies in the runtime directory
  std::vector<Owed> owed_;
  std::vector<TransactionId> unasked_;  // whose hold ended without a THAW
  Owed heard_;                          // the transaction whose owner's THAW was answered last
};

}  // namespace

std::unique_ptr<Promise> make_deadline_promise(World& world) {
  return std::make_unique<DeadlinePromise>(world);
}

}  // namespace vss::simulation
