#include "freezer/thaw_routine.hpp"

#include <errno.h>

#include <algorithm>

#include "platform/clock.hpp"
#include "platform/sleep.hpp"

namespace vss::freezer {
namespace {

using base::Instant;
using base::milliseconds;

std::int64_t nanoseconds_now() {
  return platform::now().nanoseconds_since_boot;
}

enum class Claim {
  kTaken,        // the slot is ours to thaw
  kLost,         // it changed under our eyes: look again
  kBusy,         // a thread that may live is in an ioctl
  kNothingOwed,  // closed
};

Claim try_claim(Slot& slot, const SlotState& seen, const ThreadIdentity& me, Thawer as) {
  const auto take = [&](State next) {
    return slot.change(seen, SlotState::held_by(next, me)) ? Claim::kTaken : Claim::kLost;
  };
  switch (seen.state) {
    case State::kClosed: return Claim::kNothingOwed;
    case State::kEmpty:
      // From here on no FIFREEZE can begin: its intent must find kEmpty.
      return slot.change(seen, SlotState::closed(Outcome::kNeverFrozen, as)) ? Claim::kNothingOwed
                                                                             : Claim::kLost;
    case State::kFrozen: return take(State::kThawing);
    case State::kThawing:
    case State::kThawingUnknown:
      if (seen.actor == me) return Claim::kTaken;  // our own claim, after a FITHAW that failed
      [[fallthrough]];
    case State::kIntent:
      return platform::thread_gone(seen.actor) ? take(State::kThawingUnknown) : Claim::kBusy;
  }
  return Claim::kBusy;
}

// The slot's end: FITHAW returned `error` (0 or EINVAL) after a claim from `before`.
SlotState closed_by(int error, State before, bool owner_known, Thawer as) {
  if (error == 0) {
    return SlotState::closed(owner_known ? Outcome::kThawed : Outcome::kOwnerUnknown, as);
  }
  switch (before) {
    case State::kIntent: return SlotState::closed(Outcome::kNeverFrozen, as);
    // Its thawer died between its FITHAW and the note of it.
    case State::kThawing:
    case State::kThawingUnknown: return SlotState::closed(Outcome::kThawed, as);
    default: return SlotState::closed(Outcome::kFoundThawed, as, error);
  }
}

bool backing_closed(const SlotTable& table, const Slot& slot) {
  for (std::size_t i = 0; i < table.count(); ++i) {
    if (contains(slot.lies_on, i) && table[i].open()) return false;
  }
  return true;
}

void wait_for_backing(const SlotTable& table, const Slot& slot) {
  const Instant limit = platform::now() + kBackingPatience;
  while (!backing_closed(table, slot) && platform::now() < limit) {
    platform::sleep_for(milliseconds{1});
  }
}

}  // namespace

ThawProgress try_thaw(Slot& slot, int fd, platform::FreezeIoctls& ioctls, Thawer as) {
  const ThreadIdentity me = platform::current_thread();
  SlotState seen;
  for (;;) {
    seen = slot.state();
    const Claim claim = try_claim(slot, seen, me, as);
    if (claim == Claim::kNothingOwed) return ThawProgress::kClosed;
    if (claim == Claim::kBusy) return ThawProgress::kWaiting;
    if (claim == Claim::kTaken) break;
  }
  // After a FITHAW of ours that failed it is known to have been frozen: only others can thaw it
  // now.
  const State before = seen.in_flight() && seen.actor == me ? State::kFrozen : seen.state;
  const bool owner_known = slot.state().state == State::kThawing;
  slot.thaw_began = nanoseconds_now();
  const int error = ioctls.thaw(fd);
  if (error != 0 && error != EINVAL) {
    slot.thaw_error = error;
    return ThawProgress::kFailed;
  }
  slot.store(closed_by(error, before, owner_known, as));
  slot.thaw_ended = nanoseconds_now();
  return ThawProgress::kClosed;
}

void thaw_until_closed(const SlotTable& table, std::size_t slot, int fd,
                       platform::FreezeIoctls& ioctls, Thawer as) {
  wait_for_backing(table, table[slot]);
  for (milliseconds pause{1}; try_thaw(table[slot], fd, ioctls, as) != ThawProgress::kClosed;
       pause = std::min(pause * 2, kThawRetryMax)) {
    platform::sleep_for(pause);
  }
}

void freeze_once(Slot& slot, int fd, platform::FreezeIoctls& ioctls) {
  const ThreadIdentity me = platform::current_thread();
  slot.freeze_began = nanoseconds_now();
  if (!slot.change({}, SlotState::held_by(State::kIntent, me))) return;
  const int error = ioctls.freeze(fd);
  slot.store(error == 0 ? SlotState::frozen()
                        : SlotState::closed(Outcome::kRefused, Thawer::kNobody, error));
  slot.freeze_ended = nanoseconds_now();
}

}  // namespace vss::freezer
