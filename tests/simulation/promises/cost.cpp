// Promise 8: a bad participant costs at most its own timeout, and half of the freeze's time is the
// filesystems'.
#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "simulation/facts.hpp"

namespace vss::simulation {
namespace {

class CostPromise : public Promise {
 public:
  using Promise::Promise;

  void stepped(const Step& step) override {
    for (const coordinator::Action& action : step.actions) {
      if (const auto* tell = std::get_if<coordinator::Tell>(&action)) told(*tell);
    }
  }

 private:
  void told(const coordinator::Tell& tell) {
    const Membership* member = world().history().find_member(tell.id);
    const Transaction* t = world().history().find(tell.transaction);
    if (member == nullptr || t == nullptr) return;
    const coordinator::Budgets budgets = budgets_of(world(), request_of(world(), *t));
    const Duration given = tell.reply_deadline - world().now();
    if (given <= Duration{0}) broken(8, member->peer->name() + " is given no time at all");
    if (!member->freezer && tell.operation != Operation::kPrepare && given > member->timeout) {
      broken(8, member->peer->name() + " is given more than its timeout");
    }
    const Duration most = tell.operation == Operation::kPrepare ? budgets.prepare
                          : tell.operation == Operation::kCheck ? budgets.check
                                                                : budgets.freeze;
    if (is_down(tell.operation) && given > most) {
      broken(8, member->peer->name() + " is given more than the phase");
    }
    if (is_down(tell.operation)) in_time(tell, *member, *t, budgets);
  }

  // It is asked as soon as those before it have answered or used up their time, no later.
  void in_time(const coordinator::Tell& tell, const Membership& member, const Transaction& t,
               const coordinator::Budgets& budgets) {
    Instant begin = world().now();
    Instant done{};
    for (const Asked& asked : world().history().asked) {
      if (asked.transaction != t.id || asked.operation != tell.operation) continue;
      const Membership& other = member_of(world(), asked);
      if (other.freezer || &other == &member || asked.told == world().now()) continue;
      begin = earlier_of(begin, asked.told);
      Instant over = asked.reply_deadline;
      if (asked.answered) over = earlier_of(over, *asked.answered);
      over = earlier_of(over, later_of(other.left, asked.told));
      done = later_of(done, over);
    }
    if (done != Instant{} && world().now() > done + World::kTick) {
      broken(8, fmt::format("{} is told {} later than it could be", member.peer->name(),
                            coordinator::to_text(tell.operation)));
    }
    const bool reserved = member.freezer && tell.operation == Operation::kFreeze;
    if (reserved && world().now() - begin > budgets.freeze / 2 + 8 * World::kTick) {
      broken(8, "writers use up the time of the filesystems");
    }
  }
};

}  // namespace

std::unique_ptr<Promise> make_cost_promise(World& world) {
  return std::make_unique<CostPromise>(world);
}

}  // namespace vss::simulation
