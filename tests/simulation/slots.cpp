#include "simulation/slots.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace vss::simulation {
namespace {

constexpr Duration kRetry = base::milliseconds{100};

}  // namespace

bool FreezerFiles::all_closed() const {
  return std::ranges::all_of(slots, [](const Slot& s) { return s.state == Slot::State::kClosed; });
}

std::uint32_t FreezerFiles::count_frozen() const {
  return static_cast<std::uint32_t>(std::ranges::count_if(slots, [](const Slot& slot) {
    return slot.state == Slot::State::kFrozen || slot.state == Slot::State::kThawing;
  }));
}

void FreezerFiles::publish() {
  if (transaction <= thawed_page) return;
  thawed_page = transaction;
  page_changed();
}

void ThawRoutine::run(std::function<void()> done) {
  done_.push_back(std::move(done));
  if (running_) return;
  running_ = true;
  ++run_;
  round();
}

void ThawRoutine::forget() {
  running_ = false;
  ++run_;
  done_.clear();
}

void ThawRoutine::round() {
  if (!process_.stopped()) {
    for (Slot& slot : files_.slots) {
      const bool claimed = slot.state == Slot::State::kThawing && !process_.is_gone(slot.claim);
      if (slot.state != Slot::State::kClosed && !claimed) thaw(slot);
    }
  }
  if (files_.all_closed() && !process_.stopped()) {
    running_ = false;
    files_.publish();
    for (const auto& done : std::exchange(done_, {}))
      done();
    return;
  }
  timeline_.after(kRetry, [this, run = run_] {
    if (run == run_ && running_) round();
  });
}

void ThawRoutine::thaw(Slot& slot) {
  const Filesystem& filesystem = kernel_.at(slot.filesystem);
  // EINVAL from a FIFREEZE in flight does not mean thawed: it is waited for.
  if (filesystem.state == Filesystem::State::kFreezing) return;
  if (filesystem.state == Filesystem::State::kThawing) return;
  const bool unknown = slot.state == Slot::State::kIntent && filesystem.owner != FreezeOwner::kUs;
  if (unknown) {  // the freeze never began, or failed
    slot.state = Slot::State::kClosed;
    return;
  }
  const bool taken_over = slot.state == Slot::State::kThawing;
  slot.state = Slot::State::kThawing;
  slot.claim = process_.claim;
  slot.by = process_.who;
  kernel_.thaw(slot.filesystem, FreezeOwner::kUs, process_.time_for_thaw(),
               [this, number = slot.filesystem, taken_over, run = run_](int error) {
                 returned(number, taken_over, error, run);
               });
}

void ThawRoutine::returned(unsigned filesystem, bool taken_over, int error, std::uint64_t run) {
  if (run != run_) return;
  if (process_.stopped()) {
    timeline_.after(kRetry, [=, this] { returned(filesystem, taken_over, error, run); });
    return;
  }
  const auto slot = std::ranges::find(files_.slots, filesystem, &Slot::filesystem);
  if (slot == files_.slots.end()) return;
  slot->state = Slot::State::kClosed;
  slot->by_guardian = process_.who == Thawer::kGuardian;
  slot->owner_unknown = taken_over;
  slot->by_others = error == EINVAL && !taken_over;
  process_.closed_a_slot();
  if (!files_.all_closed() || !running_) return;
  timeline_.after(Duration{0}, [this, run] {
    if (run == run_ && running_) round();
  });
}

}  // namespace vss::simulation
