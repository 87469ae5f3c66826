// Liveness: every request is answered and every transaction ends within its budgets and a tick; and
// requesters hear in time what they did not ask for.
#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "simulation/facts.hpp"

namespace vss::simulation {
namespace {

using coordinator::Notify;
using Kind = Request::Kind;

// Several timers may follow each other within one budget, each a tick late.
constexpr Duration kTicks = 12 * World::kTick;
// What well-behaved participants of these scenarios need at most.
constexpr Duration kQuickFreeze = base::seconds{9};
constexpr Duration kQuickThaw = base::seconds{2};

class LivenessPromise : public Promise {
 public:
  using Promise::Promise;

  void stepped(const Step& step) override {
    if (!is_going_up(step.before) && is_going_up(step.after)) {
      up_began_ = {step.open_after, world().now()};
    }
    wakes_in_time(step);
    if (step.before == Phase::kHeld && step.after != Phase::kHeld) left_hold(step);
    for (const coordinator::Action& action : step.actions) {
      if (const auto* answer = std::get_if<coordinator::Answer>(&action)) {
        answered(*answer);
      } else if (std::holds_alternative<coordinator::KeepRecord>(action)) {
        record_kept(step);
      }
    }
  }

  void kept(const coordinator::Record& record) override {
    const Transaction* t = world().history().find(record.id);
    if (t == nullptr || record.phases.empty()) return;
    const Request& request = request_of(world(), *t);
    const coordinator::Budgets budgets = budgets_of(world(), request);
    if (t->check_only) return;  // it ends with its answer
    Instant latest = up_began_.id == t->id ? up_began_.at : world().now();
    if (t->hold_deadline.is_never()) {
      latest = latest + world().policy().timeout_default;
    } else {
      latest = later_of(latest, t->hold_deadline + world().policy().release_margin);
    }
    if (world().now() > latest + budgets.thaw / 2 + kTicks) {
      broken(kLiveness, "a transaction ends too late");
    }
  }

 private:
  struct Began {
    TransactionId id;
    Instant at;
  };

  static bool is_going_up(Phase phase) {
    return phase == Phase::kThawFilesystems || phase == Phase::kThawWriters ||
           phase == Phase::kAbortFilesystems || phase == Phase::kAbortWriters;
  }

  void answered(const coordinator::Answer& answer) {
    for (const Request& request : world().history().requests) {
      if (request.requester != answer.requester || request.tag != answer.tag) continue;
      const Duration took = world().now() - request.delivered;
      const Transaction* open = world().history().find(request.open_then);
      const coordinator::Budgets own = budgets_of(world(), request);
      const coordinator::Budgets others =
          open == nullptr ? own : budgets_of(world(), request_of(world(), *open));
      const Duration most = request.kind == Kind::kCheck    ? own.check
                            : request.kind == Kind::kFreeze ? own.prepare + own.freeze
                                                            : others.thaw;
      if (took > most + kTicks) {
        broken(kLiveness, fmt::format("{} waits {} ms for an answer", request.name.view(),
                                      took.count() / 1'000'000));
      }
      const bool quick = world().history().strikes.empty();
      if (quick && took > (request.kind <= Kind::kFreeze ? kQuickFreeze : kQuickThaw)) {
        broken(kLiveness,
               fmt::format("{} ms for an answer though nobody is slow", took.count() / 1'000'000));
      }
      return;
    }
  }

  // Every wait has an end, whether or not somebody is silent this time.
  void wakes_in_time(const Step& step) {
    const Transaction* t = world().history().find(step.open_after);
    if (t == nullptr) return;
    Instant latest = Instant::never();
    bool froze = false;
    for (const Asked& asked : world().history().asked) {
      if (asked.transaction != t->id) continue;
      const bool freezer = member_of(world(), asked).freezer;
      froze |= freezer && asked.operation == Operation::kFreeze;
      const bool awaited = !asked.answered && !asked.overtaken && is_down(asked.operation);
      const bool there = member_of(world(), asked).left.is_never();
      if (awaited && there) latest = earlier_of(latest, asked.reply_deadline);
    }
    if (step.after == Phase::kHeld) latest = t->hold_deadline;
    if (step.after == Phase::kThawFilesystems || step.after == Phase::kAbortFilesystems) {
      latest = froze ? t->hold_deadline + world().policy().release_margin
                     : up_began_.at + world().policy().timeout_default;
    }
    if (latest.is_never()) return;
    if (step.next_deadline > later_of(latest, world().now())) {
      broken(kLiveness,
             fmt::format("nobody looks at phase '{}' in time", coordinator::to_text(step.after)));
    }
  }

  // Unasked, it hears of it at once.
  void left_hold(const Step& step) {
    const Transaction* t = world().history().find(step.open_before);
    if (t == nullptr) return;
    if (std::holds_alternative<coordinator::RequesterGone>(step.event)) return;
    const bool late = world().now() >= t->hold_deadline;
    if (std::holds_alternative<coordinator::ThawRequested>(step.event) && !late) return;
    const auto what = late ? Notify::What::kExpired : Notify::What::kAborted;
    unasked_ = t->id;
    if (!told(step, request_of(world(), *t), what) && !owner_gone(*t)) {
      broken(kLiveness, "the hold ends and its requester does not hear of it");
    }
  }

  void record_kept(const Step& step) {
    const Transaction* t = world().history().find(unasked_);
    if (t == nullptr || step.open_before != t->id) return;
    if (!told(step, request_of(world(), *t), Notify::What::kEnded) && !owner_gone(*t)) {
      broken(kLiveness, "a transaction ends and its requester does not hear of it");
    }
  }

  bool owner_gone(const Transaction& t) {
    const auto& gone = world().gone_requesters();
    return std::ranges::find(gone, request_of(world(), t).requester) != gone.end();
  }

  static bool told(const Step& step, const Request& request, Notify::What what) {
    return std::ranges::any_of(step.actions, [&](const coordinator::Action& action) {
      const auto* notify = std::get_if<Notify>(&action);
      return notify != nullptr && notify->requester == request.requester && notify->what == what;
    });
  }

  Began up_began_;
  TransactionId unasked_;
};

}  // namespace

std::unique_ptr<Promise> make_liveness_promise(World& world) {
  return std::make_unique<LivenessPromise>(world);
}

}  // namespace vss::simulation
