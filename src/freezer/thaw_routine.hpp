// The thaw routine: the only code that issues FITHAW. Rollback, THAW, the automatic thaw at the
// deadline, the guardian and `vss-freezer --thaw` all run it.
//
//   1. Claim the slot (slot_state.hpp). Only the claim's thread may issue FITHAW, so a successful
//      FIFREEZE gets exactly one.
//   2. No FITHAW while a FIFREEZE may be in flight: it would say EINVAL, and the freeze would
//   complete
//      afterwards. Wait until the thread in it has stored its result or is known to be gone.
//   3. EINVAL on a slot that was kFrozen: somebody else thawed it. Any other error: it is still
//      frozen; keep the claim and repeat.
//   4. What the filesystem lies on thaws first, since a FITHAW above a frozen backing filesystem
//      blocks; but when that takes longer than kBackingPatience, go on: nobody waits for ever.
//
// Any number of threads and processes may run it on the same slot. Freeze-safe.
#pragma once

#include "base/time.hpp"
#include "freezer/slots.hpp"
#include "platform/fsfreeze.hpp"

namespace vss::freezer {

inline constexpr base::milliseconds kThawRetryMax{100};
inline constexpr base::milliseconds kBackingPatience{500};

enum class ThawProgress {
  kClosed,   // nothing is owed any more
  kWaiting,  // a freeze is in flight, or another live thread holds the claim: try again later
  kFailed,   // FITHAW failed (slot.thaw_error): try again later; the claim is kept
};

// One attempt, by the calling thread. May block in FITHAW without limit.
ThawProgress try_thaw(Slot& slot, int fd, platform::FreezeIoctls& ioctls, Thawer as);

// Attempts until the slot is closed, at growing intervals up to kThawRetryMax; first waits for what
// it lies on. `table` is the one that `slot` belongs to.
void thaw_until_closed(const SlotTable& table, std::size_t slot, int fd,
                       platform::FreezeIoctls& ioctls, Thawer as);

// The other half of a slot's life: notes the intent, issues FIFREEZE, stores its result at once.
// Does nothing when the slot is no longer kEmpty (a thawer closed it first). May block without
// limit.
void freeze_once(Slot& slot, int fd, platform::FreezeIoctls& ioctls);

}  // namespace vss::freezer
