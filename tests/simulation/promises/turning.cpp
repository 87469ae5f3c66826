// When the way down is over: what has failed, or is asked to end, turns upward at once, is answered
// at once, and is told as what it is (promises 2, 4, 8).
#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "simulation/facts.hpp"

namespace vss::simulation {
namespace {

class TurningPromise : public Promise {
 public:
  using Promise::Promise;

  void stepped(const Step& step) override {
    const Transaction* t = world().history().find(step.open_before);
    if (t != nullptr) {
      const bool goes_on = step.open_after == step.open_before && can_turn(step.after);
      if (can_turn(step.before) && !goes_on) turned(*t, step);
      if (goes_on && must_end(*t, step)) {
        broken(4, "it was asked to end and goes on");
      }
    }
    const Transaction* open = world().history().find(step.open_after);
    if (open != nullptr && (is_going_down(step.after) || step.after == Phase::kCheck)) {
      nobody_has_failed(*open);
    }
    for (const coordinator::Action& action : step.actions) {
      if (const auto* tell = std::get_if<coordinator::Tell>(&action)) told(*tell);
    }
  }

 private:
  static bool can_turn(Phase phase) {
    return phase == Phase::kCheck || is_going_down(phase) || phase == Phase::kHeld;
  }

  bool must_end(const Transaction& t, const Step& step) {
    const Request& opener = request_of(world(), t);
    if (std::holds_alternative<coordinator::AbortRequested>(step.event)) return true;
    if (const auto* gone = std::get_if<coordinator::RequesterGone>(&step.event)) {
      const bool bound = opener.options.bound_to_requester || !t.success;
      return bound && gone->requester == opener.requester;
    }
    if (!std::holds_alternative<coordinator::ThawRequested>(step.event)) return false;
    const Request& request = *step.request;
    if (!request.names.valid()) return owns(request, opener);
    const bool may = owns(request, opener) || !opener.options.bound_to_requester;
    return request.names == t.id && step.before == Phase::kHeld && may;
  }

  // Somebody without whom it cannot succeed has failed: waiting on would cost everybody more.
  void nobody_has_failed(const Transaction& t) {
    const bool in_scope = request_of(world(), t).options.selection != Selection::kNone;
    for (const Membership& member : world().history().members) {
      if (!takes_part(member, t) || (member.freezer ? !in_scope : !member.required)) continue;
      if (!member.left.is_never()) {
        return broken(8, fmt::format("it goes on although {} was lost", member.peer->name()));
      }
    }
    for (const Asked& asked : world().history().asked) {
      if (asked.transaction != t.id || !is_down(asked.operation) || asked.overtaken) continue;
      const Membership& member = member_of(world(), asked);
      if ((member.freezer || member.required) && failed(world(), asked)) {
        return broken(8, fmt::format("it goes on although {} failed", member.peer->name()));
      }
    }
  }

  void turned(const Transaction& t, const Step& step) {
    const Request& opener = request_of(world(), t);
    if (opener.answers == 0 && !opener.excused) {
      broken(4, "the way down is over and its requester was not answered");
    }
    if (!t.success) return;
    const bool aborted = std::holds_alternative<coordinator::AbortRequested>(step.event) ||
                         std::holds_alternative<coordinator::RequesterGone>(step.event);
    if (!aborted || world().now() >= t.hold_deadline) thawed_.push_back(t.id);
  }

  // THAW after a hold that ended as one, by whomever; ABORT after everything else.
  void told(const coordinator::Tell& tell) {
    const Membership* member = world().history().find_member(tell.id);
    if (is_down(tell.operation) || member == nullptr || member->plain) return;
    const bool thawed = std::ranges::find(thawed_, tell.transaction) != thawed_.end();
    if (thawed != (tell.operation == Operation::kThaw)) {
      broken(2, fmt::format("{} is told {} after {}", member->peer->name(),
                            coordinator::to_text(tell.operation), thawed ? "a hold" : "an abort"));
    }
  }

  std::vector<TransactionId> thawed_;
};

}  // namespace

std::unique_ptr<Promise> make_turning_promise(World& world) {
  return std::make_unique<TurningPromise>(world);
}

}  // namespace vss::simulation
