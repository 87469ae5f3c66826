// Promise 3, filesystems thaw before writers are released, once for each freeze; and the order of
// levels.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <variant>

#include "simulation/facts.hpp"

namespace vss::simulation {
namespace {

class OrderPromise : public Promise {
 public:
  using Promise::Promise;

  void stepped(const Step& step) override {
    for (const coordinator::Action& action : step.actions) {
      if (const auto* enter = std::get_if<coordinator::EnterFreezeWindow>(&action)) {
        window_ = enter->transaction;
        if (is_check(window_)) broken(9, "a CHECK enters the freeze window");
      } else if (std::holds_alternative<coordinator::LeaveFreezeWindow>(action)) {
        left_window();
      } else if (const auto* tell = std::get_if<coordinator::Tell>(&action)) {
        told(*tell, step);
      }
    }
  }

  void driver_died() override {
    window_ = {};
    early_.clear();
  }

  // The loss of its connection is no reason to let go before the filesystems do.
  void released_itself(const Writer& writer, TransactionId id) override {
    const Transaction* t = world().history().find(id);
    if (t == nullptr || world().now() >= t->hold_deadline) return;
    for (const Filesystem& filesystem : world().kernel().filesystems()) {
      if (!filesystem.held_by_us() || filesystem.transaction != id) continue;
      broken(3, fmt::format("{} lets go, its connection being gone, while fs{} is held",
                            writer.name(), filesystem.number));
    }
  }

  // Where order yielded to the deadline the record must say so.
  void kept(const coordinator::Record& record) override {
    if (early_.contains(record.id) && !record.released_without_freezer) {
      broken(3, "writers are released before the thaw and the record does not say so");
    }
  }

  void ended() override {
    for (const Filesystem& filesystem : world().kernel().filesystems()) {
      if (filesystem.our_freezes != filesystem.our_thaws + filesystem.foreign_thaws) {
        broken(3, fmt::format("fs{}: {} FIFREEZEs, {} FITHAWs", filesystem.number,
                              filesystem.our_freezes, filesystem.our_thaws));
      }
    }
  }

 private:
  bool is_check(TransactionId id) {
    const Transaction* t = world().history().find(id);
    return t != nullptr && t->check_only;
  }

  void left_window() {
    if (!window_.valid()) broken(9, "a freeze window is left that was not entered");
    for (const Filesystem& filesystem : world().kernel().filesystems()) {
      if (filesystem.held_by_us() && filesystem.transaction == window_) {
        broken(9, fmt::format("the freeze window is left while fs{} is held", filesystem.number));
      }
    }
    window_ = {};
  }

  void told(const coordinator::Tell& tell, const Step& step) {
    const Membership* member = world().history().find_member(tell.id);
    const Transaction* t = world().history().find(tell.transaction);
    if (member == nullptr || t == nullptr) return;
    if (tell.operation == Operation::kFreeze && window_ != t->id) {
      broken(9, "FREEZE is told outside of the freeze window");
    }
    if (is_down(tell.operation)) return going_down(tell, *member, *t);
    if (member->freezer) return;
    writer_released(tell, *member, *t, step);
  }

  void going_down(const coordinator::Tell& tell, const Membership& member, const Transaction& t) {
    for (const Membership& other : world().history().members) {
      if (&other == &member || !takes_part(other, t) || other.freezer) continue;
      const Asked* asked = asked_of(world(), other, t.id, tell.operation);
      const bool earlier = member.freezer || other.level < member.level;
      if (earlier && asked != nullptr && asked->told == world().now() && other.left.is_never()) {
        if (!asked->answered) {
          broken(kOrder, fmt::format("{} is told {} together with {} of an earlier level",
                                     member.peer->name(), coordinator::to_text(tell.operation),
                                     other.peer->name()));
        }
      } else if (earlier && asked != nullptr && !asked->answered && !failed(world(), *asked)) {
        broken(kOrder,
               fmt::format("{} is told {} while {} has still to answer", member.peer->name(),
                           coordinator::to_text(tell.operation), other.peer->name()));
      }
      if (member.freezer) must_have_been_asked(tell.operation, other, t, asked);
      const bool same = !member.freezer && other.level == member.level;
      if (same && asked != nullptr && asked->told != world().now()) {
        broken(kOrder, "members of one level are asked one after the other");
      }
      if (!earlier && !same && asked != nullptr) {
        broken(kOrder,
               fmt::format("{} was told {} before {} of an earlier level", other.peer->name(),
                           coordinator::to_text(tell.operation), member.peer->name()));
      }
    }
  }

  // The freezer is the last: everyone who takes part has been asked before.
  void must_have_been_asked(Operation operation, const Membership& writer, const Transaction& t,
                            const Asked* asked) {
    if (asked != nullptr || !writer.left.is_never()) return;
    if (operation == Operation::kPrepare && writer.plain) return;
    const Asked* prepare = asked_of(world(), writer, t.id, Operation::kPrepare);
    if (operation == Operation::kFreeze && !writer.plain && !said_yes(prepare)) return;
    broken(kOrder, fmt::format("{} was left out of {}", writer.peer->name(),
                               coordinator::to_text(operation)));
  }

  void writer_released(const coordinator::Tell& tell, const Membership& member,
                       const Transaction& t, const Step& step) {
    const bool may_be_early = !t.hold_deadline.is_never() &&
                              world().now() >= t.hold_deadline + world().policy().release_margin;
    for (const Filesystem& filesystem : world().kernel().filesystems()) {
      if (!filesystem.held_by_us() || filesystem.transaction != t.id) continue;
      if (!may_be_early) {
        return broken(3, fmt::format("{} is released while fs{} is held", member.peer->name(),
                                     filesystem.number));
      }
      early_.insert(t.id);
    }
    const bool dropped = is_going_down(step.after);
    if (dropped && member.required) {
      broken(kOrder, fmt::format("{} is released in phase '{}'", member.peer->name(),
                                 coordinator::to_text(step.after)));
    }
    if (dropped || was_dropped(member, t)) return;
    for (const Asked& asked : world().history().asked) {
      if (asked.transaction != t.id || is_down(asked.operation)) continue;
      if (asked.message_id >= tell.message_id) continue;  // later in this step
      const Membership& other = member_of(world(), asked);
      if (other.freezer) continue;
      if (other.level < member.level && !was_dropped(other, t)) {
        broken(kOrder, fmt::format("{} is released before {} of a later level", other.peer->name(),
                                   member.peer->name()));
      }
      const bool waiting = !asked.answered && !failed(world(), asked) && !was_given_up(other, t);
      if (other.level > member.level && waiting) {
        broken(kOrder, fmt::format("{} is released while {} has still to answer",
                                   member.peer->name(), other.peer->name()));
      }
    }
  }

  // Who did not answer in time once is not waited for again.
  bool was_given_up(const Membership& member, const Transaction& t) {
    return std::ranges::any_of(world().history().asked, [&](const Asked& asked) {
      return asked.transaction == t.id && &member_of(world(), asked) == &member &&
             is_down(asked.operation) && !said_yes(&asked);
    });
  }

  // An optional writer that failed on the way down was released then, out of turn.
  bool was_dropped(const Membership& member, const Transaction& t) {
    return !member.required && was_given_up(member, t);
  }

  TransactionId window_;
  std::set<TransactionId> early_;
};

}  // namespace

std::unique_ptr<Promise> make_order_promise(World& world) {
  return std::make_unique<OrderPromise>(world);
}

}  // namespace vss::simulation
