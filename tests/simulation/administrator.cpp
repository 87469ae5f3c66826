#include "simulation/administrator.hpp"

#include <algorithm>

#include "simulation/facts.hpp"

namespace vss::simulation {

using base::milliseconds;
using base::seconds;

Administrator::Administrator(World& world)
    : world_(world), random_(derive(world.scenario().seed, 13)) {}

void Administrator::reads_kernel_log() {
  if (random_.one_in(2)) return;  // sleeps
  const auto comes = random_.between(milliseconds{1}, random_.one_in(2) ? seconds{1} : seconds{20});
  world_.timeline().after(comes, [this] { look(20); });
}

// As `vssctl status` says it; again a little later where not all can be thawed yet.
void Administrator::look(int looks_left) {
  if (!world_.driver().up()) return;
  const base::TransactionId left = world_.driver().coordinator().left_frozen();
  if (!left.valid()) return;
  if (thaws_all(left)) {
    world_.send_abort(left);
  } else if (looks_left > 0) {
    world_.timeline().after(seconds{1}, [this, looks_left] { look(looks_left - 1); });
  }
}

// False: a daemon that lives may still freeze, or is just thawing itself.
bool Administrator::thaws_all(base::TransactionId transaction) {
  const auto& history = world_.history();
  const bool may_freeze = std::ranges::any_of(history.asked, [&](const Asked& asked) {
    return asked.transaction == transaction && asked.operation == Operation::kFreeze &&
           !asked.answered && !asked.overtaken && member_of(world_, asked).left.is_never() &&
           member_of(world_, asked).freezer;
  });
  if (may_freeze || world_.daemon_may_freeze()) return false;
  for (const Filesystem& filesystem : world_.kernel().filesystems()) {
    if (!filesystem.frozen_by_us()) continue;
    world_.trace("administrator", "thaws", "fs{}", filesystem.number);
    if (Transaction* t = world_.history().find(filesystem.transaction)) ++t->foreign_thaws;
    world_.kernel().thaw(filesystem.number, FreezeOwner::kForeign, {}, [](int) {});
  }
  return std::ranges::none_of(world_.kernel().filesystems(), &Filesystem::held_by_us);
}

}  // namespace vss::simulation
