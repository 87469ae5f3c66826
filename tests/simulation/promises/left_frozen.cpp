// Promise 9 where the freezer is a plain daemon: from its FREEZE to a plain daemon's yes to THAW,
// or an administrator's word, nothing begins and no disk is written; who dies in between is named
// to an administrator, and nobody else is.
#include <algorithm>
#include <variant>

#include "simulation/facts.hpp"

namespace vss::simulation {
namespace {

class LeftFrozenPromise : public Promise {
 public:
  using Promise::Promise;

  void stepped(const Step& step) override {
    for (const coordinator::Action& action : step.actions) {
      if (const auto* tell = std::get_if<coordinator::Tell>(&action)) told(*tell);
      if (const auto* line = std::get_if<coordinator::TellKernelLog>(&action)) said(*line);
      if (std::holds_alternative<coordinator::LeaveFreezeWindow>(action)) {
        if (left().valid())
          broken(9, "disks are written though a daemon's filesystems may be frozen");
        said_ = false;
      }
    }
    if (std::holds_alternative<coordinator::ParticipantLeft>(step.event)) lost();
  }

  // A driver that knows nothing of it would write at once.
  void driver_died() override { said_ = false; }

 private:
  // The transaction that is left to a plain daemon.
  TransactionId left() {
    for (const Transaction& t : world().history().transactions) {
      if (is_left_to_plain_freezer(world(), t.id)) return t.id;
    }
    return {};
  }

  void told(const coordinator::Tell& tell) {
    const TransactionId id = left();
    if (id.valid() && is_down(tell.operation) && tell.transaction != id) {
      broken(9, "something begins though a daemon's filesystems may be frozen");
    }
  }

  void said(const coordinator::TellKernelLog& line) {
    said_ = true;
    const bool left_frozen = line.text.view().find("may be frozen still") != std::string_view::npos;
    if (left_frozen && !left().valid()) {
      broken(9, "an administrator is told of a daemon's filesystems though all of them run");
    }
  }

  void lost() {
    const bool there = std::ranges::any_of(world().history().members, [](const Membership& m) {
      return m.freezer && m.plain && m.left.is_never();
    });
    if (!there && left().valid() && !said_) {
      broken(9, "a daemon that has frozen is lost and no administrator is told");
    }
  }

  bool said_ = false;
};

}  // namespace

std::unique_ptr<Promise> make_left_frozen_promise(World& world) {
  return std::make_unique<LeftFrozenPromise>(world);
}

}  // namespace vss::simulation
