#include "simulation/kernel.hpp"

#include <algorithm>
#include <cerrno>

#include "base/assert.hpp"

namespace vss::simulation {

using State = Filesystem::State;

Filesystem& Kernel::add(unsigned number, bool freezable) {
  Filesystem filesystem;
  filesystem.number = number;
  filesystem.freezable = freezable;
  filesystem.mounted_since = timeline_.now();
  filesystems_.push_back(filesystem);
  return filesystems_.back();
}

Filesystem& Kernel::at(unsigned number) {
  const auto found = std::ranges::find(filesystems_, number, &Filesystem::number);
  VSS_ASSERT(found != filesystems_.end());
  return *found;
}

void Kernel::freeze(unsigned number, FreezeOwner owner, base::TransactionId transaction,
                    Duration takes, Done done) {
  Filesystem& filesystem = at(number);
  if (!filesystem.freezable) return done(EOPNOTSUPP);
  if (filesystem.state != State::kRunning) return done(EBUSY);
  filesystem.state = State::kFreezing;
  filesystem.owner = owner;
  filesystem.transaction = transaction;
  timeline_.after(takes, [this, number, done = std::move(done)] {
    Filesystem& frozen = at(number);
    frozen.state = State::kFrozen;
    if (frozen.owner == FreezeOwner::kUs) ++frozen.our_freezes;
    done(0);
  });
}

void Kernel::thaw(unsigned number, FreezeOwner caller, Duration takes, Done done) {
  Filesystem& filesystem = at(number);
  if (filesystem.state != State::kFrozen) return done(EINVAL);
  if (takes == Duration{0}) {
    finish_thaw(filesystem, caller);
    return done(0);
  }
  filesystem.state = State::kThawing;
  timeline_.after(takes, [this, number, caller, done = std::move(done)] {
    finish_thaw(at(number), caller);
    done(0);
  });
}

void Kernel::finish_thaw(Filesystem& filesystem, FreezeOwner caller) {
  const bool ours = filesystem.owner == FreezeOwner::kUs;
  if (caller == FreezeOwner::kUs) {
    ++(ours ? filesystem.our_thaws : filesystem.our_thaws_of_foreign);
  } else if (ours) {
    ++filesystem.foreign_thaws;
  }
  filesystem.state = State::kRunning;
  filesystem.owner = FreezeOwner::kNobody;
}

void Kernel::unmount(unsigned number) {
  at(number).mounted = false;
  at(number).unmounted_at = timeline_.now();
}

std::vector<unsigned> Kernel::freezable_at(Instant when, const Selected& selected) const {
  std::vector<unsigned> numbers;
  for (const Filesystem& filesystem : filesystems_) {
    const bool there = filesystem.mounted_since <= when && when < filesystem.unmounted_at;
    if (there && filesystem.freezable && selected(filesystem.number)) {
      numbers.push_back(filesystem.number);
    }
  }
  return numbers;
}

bool Kernel::unfreezable_at(Instant when, const Selected& selected) const {
  return std::ranges::any_of(filesystems_, [&](const Filesystem& filesystem) {
    return !filesystem.freezable && filesystem.mounted_since <= when &&
           when < filesystem.unmounted_at && selected(filesystem.number);
  });
}

}  // namespace vss::simulation
