// Promise 2: whoever saw PREPARE or FREEZE sees exactly one THAW, ABORT or loss of its connection;
// and nobody else sees any of these.
#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "simulation/facts.hpp"

namespace vss::simulation {
namespace {

class ReleasePromise : public Promise {
 public:
  using Promise::Promise;

  void stepped(const Step& step) override {
    for (const coordinator::Action& action : step.actions) {
      if (const auto* tell = std::get_if<coordinator::Tell>(&action)) told(*tell);
    }
  }

  void saw(const Participant& who, const Question& question) override {
    const Asked* asked = world().history().find_message(question.message_id);
    if (asked == nullptr) return broken(2, who.name() + " is asked what nobody asked");
    if (is_down(asked->operation)) return;
    std::uint32_t releases = 0;
    for (const Asked& other : world().history().asked) {
      if (other.member == asked->member && other.transaction == asked->transaction &&
          !is_down(other.operation) && other.seen) {
        ++releases;
      }
    }
    if (releases > 1) broken(2, who.name() + " is released twice");
  }

  void ended() override {
    for (const auto& writer : world().writers()) {
      if (writer->owes()) broken(2, writer->name() + " still waits to be released");
    }
    for (const Asked& asked : world().history().asked) {
      if (!asked.seen || asked.operation == Operation::kCheck || !is_down(asked.operation))
        continue;
      const Membership& member = member_of(world(), asked);
      if (!member.left.is_never() || was_released(asked)) continue;
      broken(2, fmt::format("{} saw {} of {} and was never released", member.peer->name(),
                            coordinator::to_text(asked.operation),
                            base::to_text(asked.transaction).view()));
    }
  }

 private:
  void told(const coordinator::Tell& tell) {
    const Membership* member = world().history().find_member(tell.id);
    const Transaction* t = world().history().find(tell.transaction);
    if (member == nullptr || t == nullptr) return broken(2, "somebody unknown is told something");
    const std::string& name = member->peer->name();
    if (t->check_only && tell.operation != Operation::kCheck) {
      broken(2, name + " is told more than CHECK by a CHECK");
    }
    if (!t->check_only && tell.operation == Operation::kCheck) {
      broken(2, name + " is told CHECK by a snapshot");
    }
    if (settles_what_is_left(*member, tell)) return;
    if (!takes_part(*member, *t)) broken(2, name + " joined later and is asked all the same");
    if (member->plain &&
        (tell.operation == Operation::kPrepare || tell.operation == Operation::kAbort)) {
      broken(2, name + " is plain and is told PREPARE or ABORT");
    }
    if (tell.operation == Operation::kFreeze && !member->plain &&
        !said_yes(asked_of(world(), *member, tell.transaction, Operation::kPrepare))) {
      broken(2, name + " is told FREEZE though it did not answer PREPARE with yes");
    }
    const bool asked_before =
        asked_of(world(), *member, tell.transaction, Operation::kPrepare) != nullptr ||
        asked_of(world(), *member, tell.transaction, Operation::kFreeze) != nullptr;
    if (!is_down(tell.operation) && !asked_before) {
      broken(2, name + " is released from what it was never told");
    }
  }

  // One that joins after a plain freezer was lost is told to thaw in its place.
  bool settles_what_is_left(const Membership& member, const coordinator::Tell& tell) {
    return member.freezer && member.plain && tell.operation == Operation::kThaw &&
           member.joined == world().now() && is_left_to_plain_freezer(world(), tell.transaction);
  }

  bool was_released(const Asked& asked) {
    return std::ranges::any_of(world().history().asked, [&](const Asked& other) {
      return other.member == asked.member && other.transaction == asked.transaction &&
             !is_down(other.operation) && other.seen;
    });
  }
};

}  // namespace

std::unique_ptr<Promise> make_release_promise(World& world) {
  return std::make_unique<ReleasePromise>(world);
}

}  // namespace vss::simulation
