// Promise 1: success is said only where everything holds; and no is said only for a cause.
#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "simulation/facts.hpp"

namespace vss::simulation {
namespace {

using coordinator::Answer;
using Kind = Request::Kind;

class SuccessPromise : public Promise {
 public:
  using Promise::Promise;

  void stepped(const Step& step) override {
    for (const coordinator::Action& action : step.actions) {
      if (const auto* tell = std::get_if<coordinator::Tell>(&action)) told(*tell);
      const auto* answer = std::get_if<Answer>(&action);
      if (answer == nullptr) continue;
      const Request* request = request_of_answer(*answer);
      if (request == nullptr || request->kind > Kind::kFreeze) continue;
      const Transaction* t = world().history().find(request->opened);
      if (t == nullptr) {
        refused_unopened(*request, *answer);
      } else if (!answer->success) {
        if (!has_cause(*t, *request, step)) {
          broken(1, fmt::format("{} fails without a cause: {}", t->check_only ? "CHECK" : "FREEZE",
                                answer->reason.view()));
        }
      } else if (t->check_only) {
        check_passed(*t, *request, *answer);
      } else {
        freeze_succeeded(*t, *request, *answer, step);
      }
    }
  }

 private:
  const Request* request_of_answer(const Answer& answer) {
    for (const Request& request : world().history().requests) {
      if (request.requester == answer.requester && request.tag == answer.tag) return &request;
    }
    return nullptr;
  }

  // Nobody is made to hold for what cannot succeed by what is known already.
  void told(const coordinator::Tell& tell) {
    const Transaction* t = world().history().find(tell.transaction);
    if (t == nullptr || tell.operation != Operation::kFreeze) return;
    if (std::ranges::any_of(world().history().asked, [&](const Asked& asked) {
          return asked.transaction == t->id && asked.operation == Operation::kFreeze &&
                 asked.told < world().now();
        })) {
      return;  // only the first ones: what fails later is judged in the end
    }
    const Request& request = request_of(world(), *t);
    const Grade required = required_grade(world(), request);
    std::size_t willing = 0;
    for (const Membership& member : world().history().members) {
      if (!member.freezer && takes_part(member, *t) && !writer_failed(member, *t)) ++willing;
    }
    if (required == Grade::kApplication && willing == 0) {
      broken(1, "FREEZE is told though no writer can hold");
    }
    if (request.options.selection == Selection::kNone || of_plain_freezer(world(), *t)) return;
    if (!t->standing_then.clean || !t->standing_then.guardian_alive) {
      broken(1, "FREEZE is told though freezer and guardian were not ready");
    }
    for (const Asked& asked : world().history().asked) {
      if (asked.transaction != t->id || !member_of(world(), asked).freezer) continue;
      if (asked.operation != Operation::kPrepare) continue;
      if (asked.counts.lower_grade > 0 && required > Grade::kCrash) {
        broken(1, "FREEZE is told though the grade cannot be reached");
      }
      if (asked.counts.to_freeze == 0 && willing == 0) {
        broken(1, "FREEZE is told though nothing would hold");
      }
    }
  }

  void refused_unopened(const Request& request, const Answer& answer) {
    if (answer.success) return broken(1, "success without a transaction");
    if (request.phase_then == Phase::kIdle) broken(1, "refused although nothing is open");
  }

  // --- success ---

  void freeze_succeeded(const Transaction& t, const Request& request, const Answer& answer,
                        const Step& step) {
    if (step.after != Phase::kHeld) broken(1, "FREEZE succeeds without a hold");
    std::size_t held = 0;
    bool all_expected = !world().scenario().expected_absent;
    for (const Membership& member : world().history().members) {
      if (member.freezer || !takes_part(member, t)) continue;
      const bool holds = writer_holds(member, t);
      if (holds) ++held;
      if (!holds && member.required) {
        return broken(1, fmt::format("required writer {} does not hold", member.peer->name()));
      }
      if (!holds && member.expected) all_expected = false;
    }
    const bool in_scope = request.options.selection != Selection::kNone;
    if (in_scope) filesystems_hold(t);
    const std::size_t planned = in_scope && t.replanned ? freezable(t, *t.replanned).size() : 0;
    const bool plain = of_plain_freezer(world(), t);
    if (planned == 0 && held == 0 && !plain) broken(1, "an empty plan with no writer succeeds");
    const bool writers = held > 0 && all_expected;
    Grade grade = writers ? Grade::kApplication : in_scope ? Grade::kFilesystem : Grade::kCrash;
    if (in_scope && !plain && t.replanned &&
        world().kernel().unfreezable_at(*t.replanned, selected(t))) {
      grade = Grade::kCrash;
    }
    if (answer.grade != grade) {
      broken(1, fmt::format("grade {} is claimed where the world has {}",
                            coordinator::to_text(answer.grade), coordinator::to_text(grade)));
    }
    if (grade < required_grade(world(), request)) broken(1, "less than required succeeds");
  }

  // By its answers, and in truth as long as its end of the connection lives.
  bool writer_holds(const Membership& member, const Transaction& t) {
    if (!member.left.is_never()) return false;
    const Asked* freeze = asked_of(world(), member, t.id, Operation::kFreeze);
    if (!said_yes(freeze)) return false;
    const Writer* writer = world().writer(member.peer);
    if (writer == nullptr || !writer->is_connected(member.link)) return true;
    // News of a rollback may be on its way; what it was told to do must not be.
    return writer->holds_for() == t.id;
  }

  Kernel::Selected selected(const Transaction& t) {
    return [&request = request_of(world(), t)](unsigned filesystem) {
      return World::selects(request, filesystem);
    };
  }
  std::vector<unsigned> freezable(const Transaction& t, Instant when) {
    return world().kernel().freezable_at(when, selected(t));
  }

  void filesystems_hold(const Transaction& t) {
    if (!t.planned || !t.replanned) return broken(1, "success without a plan");
    if (freezable(t, *t.planned) != freezable(t, *t.replanned)) {
      return broken(1, "success although the plan changed");
    }
    if (!world().history().standing.guardian_alive && !of_plain_freezer(world(), t)) {
      broken(1, "success without a guardian");
    }
    for (const unsigned number : freezable(t, *t.replanned)) {
      const Filesystem& filesystem = world().kernel().at(number);
      const bool ours = filesystem.frozen_by_us() && filesystem.transaction == t.id;
      const bool taken_away = t.foreign_thaws + t.guardian_thaws > 0 || world().thaws_on_its_own(t);
      if (!ours && !taken_away) broken(1, fmt::format("fs{} is not frozen", number));
    }
  }

  void check_passed(const Transaction& t, const Request& request, const Answer& answer) {
    std::size_t could = 0;
    for (const Membership& member : world().history().members) {
      if (member.freezer || !takes_part(member, t)) continue;
      const bool yes =
          member.left.is_never() && said_yes(asked_of(world(), member, t.id, Operation::kCheck));
      if (yes) ++could;
      if (!yes && member.required) {
        return broken(1, fmt::format("CHECK passes though {} did not agree", member.peer->name()));
      }
    }
    if (world().scenario().expected_absent) broken(1, "CHECK passes though a writer is absent");
    if (answer.grade < required_grade(world(), request)) broken(1, "CHECK passes with too little");
    if (request.options.selection == Selection::kNone) {
      if (could == 0) broken(1, "CHECK passes with nothing to hold");
      return;
    }
    const bool plain = of_plain_freezer(world(), t);
    if (!plain && (!t.standing_then.clean || !t.standing_then.guardian_alive)) {
      broken(1, "CHECK passes though freezer and guardian are not ready");
    }
    bool freezer = false;
    for (const Membership& member : world().history().members) {
      if (!member.freezer || !takes_part(member, t)) continue;
      freezer = true;
      const Asked* asked = asked_of(world(), member, t.id, Operation::kCheck);
      if (!said_yes(asked)) return broken(1, "CHECK passes though the freezer did not agree");
      if (asked->counts.to_freeze == 0 && could == 0 && !plain)
        broken(1, "CHECK passes with nothing to hold");
      if (asked->counts.lower_grade > 0 && answer.grade != Grade::kCrash) {
        broken(1, "CHECK claims too high a grade");
      }
    }
    if (!freezer) broken(1, "CHECK passes without a freezer");
  }

  // --- failure ---

  bool has_cause(const Transaction& t, const Request& request, const Step& step) {
    if (stopped_by_somebody(t, step) || writers_cause(t, request)) return true;
    if (request.options.selection == Selection::kNone) return unclean(t);
    return freezer_causes(t, request);
  }

  static bool stopped_by_somebody(const Transaction& t, const Step& step) {
    if (step.open_before != t.id) return false;
    return std::holds_alternative<coordinator::ThawRequested>(step.event) ||
           std::holds_alternative<coordinator::AbortRequested>(step.event) ||
           std::holds_alternative<coordinator::RequesterGone>(step.event);
  }

  bool writers_cause(const Transaction& t, const Request& request) {
    if (world().scenario().expected_absent) return true;
    std::size_t willing = 0;
    for (const WriterSpec& spec : world().scenario().writers) {
      if (spec.expected && !is_there(spec, t)) return true;
    }
    const bool application = required_grade(world(), request) == Grade::kApplication ||
                             request.options.selection == Selection::kNone;
    for (const Membership& member : world().history().members) {
      if (member.freezer || !takes_part(member, t)) continue;
      const bool bad = writer_failed(member, t);
      if (bad && (member.required || (member.expected && application))) return true;
      if (!bad) ++willing;
    }
    return application && willing == 0;
  }

  bool is_there(const WriterSpec& spec, const Transaction& t) {
    return std::ranges::any_of(world().history().members, [&](const Membership& member) {
      return member.peer->name() == name_of(spec).view() && takes_part(member, t);
    });
  }

  bool writer_failed(const Membership& member, const Transaction& t) {
    if (!member.left.is_never()) return true;
    return std::ranges::any_of(world().history().asked, [&](const Asked& asked) {
      return asked.transaction == t.id && &member_of(world(), asked) == &member &&
             is_down(asked.operation) && failed(world(), asked);
    });
  }

  // What an earlier transaction may have left behind.
  bool unclean(const Transaction& t) {
    if (!t.standing_then.clean && !of_plain_freezer(world(), t)) return true;
    for (const coordinator::NoteFound& found : world().history().notes_found) {
      if (found.note.freezer_plain) return true;
    }
    for (const Asked& asked : world().history().asked) {
      if (asked.told > t.began || !member_of(world(), asked).freezer) continue;
      const bool confirmed = asked.answered && *asked.answered <= t.began && asked.success &&
                             asked.counts.in_flight == 0;
      if (!is_down(asked.operation) && !confirmed) return true;
      const Membership& member = member_of(world(), asked);
      if (asked.operation != Operation::kCheck && member.left < t.began) return true;
    }
    return false;
  }

  bool freezer_causes(const Transaction& t, const Request& request) {
    if (unclean(t) || t.guardian_lost || t.thawed_unasked) return true;
    if (!t.standing_then.guardian_alive && !of_plain_freezer(world(), t)) return true;
    std::size_t willing = 0;
    for (const Membership& member : world().history().members) {
      if (!member.freezer && takes_part(member, t) && !writer_failed(member, t)) ++willing;
    }
    bool asked_any = false;
    for (const Membership& member : world().history().members) {
      if (!member.freezer || !takes_part(member, t)) continue;
      asked_any = true;
      if (!member.left.is_never()) return true;
      for (const Asked& asked : world().history().asked) {
        if (asked.transaction != t.id || &member_of(world(), asked) != &member) continue;
        if (is_down(asked.operation) && failed(world(), asked)) return true;
        const coordinator::FilesystemCounts& counts = asked.counts;
        const bool done = asked.answered.has_value();
        if (done && counts.plan_changed) return true;
        if (done && counts.lower_grade > 0 && required_grade(world(), request) > Grade::kCrash) {
          return true;
        }
        if (done && counts.to_freeze == 0 && willing == 0) return true;
        if (done && asked.operation == Operation::kFreeze && counts.frozen != counts.to_freeze) {
          return true;
        }
      }
    }
    return !asked_any;
  }
};

}  // namespace

std::unique_ptr<Promise> make_success_promise(World& world) {
  return std::make_unique<SuccessPromise>(world);
}

}  // namespace vss::simulation
