// Filesystems as the kernel sees them: FIFREEZE and FITHAW that take their time and outlive whoever
// called them, and a mount table that changes.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/identity.hpp"
#include "simulation/timeline.hpp"

namespace vss::simulation {

enum class FreezeOwner : std::uint8_t { kNobody, kUs, kForeign };

struct Filesystem {
  enum class State : std::uint8_t { kRunning, kFreezing, kFrozen, kThawing };

  unsigned number = 0;
  bool freezable = true;
  bool mounted = true;
  Instant mounted_since, unmounted_at = Instant::never();
  State state = State::kRunning;
  FreezeOwner owner = FreezeOwner::kNobody;  // of the freeze: in flight, frozen or being thawed
  base::TransactionId transaction;           // of ours
  std::uint32_t our_freezes = 0;             // FIFREEZEs of ours that succeeded
  std::uint32_t our_thaws = 0;               // FITHAWs of ours that succeeded
  std::uint32_t foreign_thaws = 0;           // of what we had frozen
  std::uint32_t our_thaws_of_foreign = 0;    // must stay 0

  bool frozen_by_us() const { return state == State::kFrozen && owner == FreezeOwner::kUs; }
  // Nothing may be told to run again while this is so.
  bool held_by_us() const { return state != State::kRunning && owner == FreezeOwner::kUs; }
};

class Kernel {
 public:
  using Done = std::function<void(int)>;  // errno

  explicit Kernel(Timeline& timeline) : timeline_(timeline) {}

  Filesystem& add(unsigned number, bool freezable);
  std::vector<Filesystem>& filesystems() { return filesystems_; }
  const std::vector<Filesystem>& filesystems() const { return filesystems_; }
  Filesystem& at(unsigned number);

  // EBUSY at once where it is frozen or being frozen already; otherwise frozen after `takes`, even
  // if who called is gone by then. EOPNOTSUPP where it cannot be frozen.
  void freeze(unsigned number, FreezeOwner owner, base::TransactionId transaction, Duration takes,
              Done done);
  // EINVAL at once where it is not frozen, which includes a FIFREEZE in flight.
  void thaw(unsigned number, FreezeOwner caller, Duration takes, Done done);

  void unmount(unsigned number);
  // Of those selected: what could be frozen, and whether something mounted could not, at an instant
  // of the past.
  using Selected = std::function<bool(unsigned)>;
  std::vector<unsigned> freezable_at(Instant when, const Selected& selected) const;
  bool unfreezable_at(Instant when, const Selected& selected) const;

 private:
  void finish_thaw(Filesystem& filesystem, FreezeOwner caller);

  Timeline& timeline_;
  std::vector<Filesystem> filesystems_;
};

}  // namespace vss::simulation
