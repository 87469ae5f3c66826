// Promise 7: a late answer counts for nothing, and whoever sent it is told to roll back.
#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "simulation/facts.hpp"

namespace vss::simulation {
namespace {

class LatenessPromise : public Promise {
 public:
  using Promise::Promise;

  void stepped(const Step& step) override {
    std::uint32_t told_late = 0;
    for (const coordinator::Action& action : step.actions) {
      if (!std::holds_alternative<coordinator::TellLate>(action)) continue;
      ++told_late;
    }
    const auto* answered = std::get_if<coordinator::Answered>(&step.event);
    if (answered == nullptr) {
      if (told_late > 0) broken(7, "somebody is told to be late who said nothing");
      return;
    }
    const Membership* member = world().history().find_member(answered->id);
    if (member == nullptr) return;
    const Asked* asked = world().history().find_message(answered->message_id);
    const bool its_own = asked != nullptr && &member_of(world(), *asked) == member;
    const bool names_it =
        its_own && answered->operation_raw == coordinator::operation_raw(asked->operation);
    const bool first = names_it && asked->answered == world().now() && asked->answers == 1;
    const bool current =
        first && (is_down(asked->operation) || step.open_before == asked->transaction);
    if (told_late > 0 && current && !asked->overtaken && world().now() < asked->reply_deadline) {
      broken(7, fmt::format("{} answered in time and is told to be late", member->peer->name()));
    }
    if (told_late > 1) broken(7, "somebody is told twice to be late");
    // Rolled back by somebody who holds rightly, it would hold no longer.
    const bool again = names_it && asked->answered < world().now() && said_yes(asked);
    if (again && told_late > 0 && asked->operation == Operation::kFreeze &&
        holds_still(*asked, step)) {
      broken(7,
             fmt::format("{} repeats its answer and is told to roll back", member->peer->name()));
    }
    const bool is_late = !names_it || (is_down(asked->operation) && !again && !said_yes(asked));
    if (is_late && !refused(*answered) && told_late == 0) {
      broken(7, fmt::format("{} is late and not told so", member->peer->name()));
    }
  }

 private:
  // A no, or what was overtaken within this step, leaves nothing to roll back.
  bool refused(const coordinator::Answered& answered) { return !answered.success; }

  bool holds_still(const Asked& asked, const Step& step) {
    return step.open_after == asked.transaction &&
           std::ranges::none_of(world().history().asked, [&](const Asked& other) {
             return other.member == asked.member && other.transaction == asked.transaction &&
                    !is_down(other.operation);
           });
  }
};

}  // namespace

std::unique_ptr<Promise> make_lateness_promise(World& world) {
  return std::make_unique<LatenessPromise>(world);
}

}  // namespace vss::simulation
