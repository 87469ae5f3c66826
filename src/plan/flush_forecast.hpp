// Whether flushing before the freeze pays, and how long the applications would stand still.
//
// Pure. A freeze flushes what is dirty while the writers already wait; what PREPARE flushes before,
// they need not wait for. But a round of syncfs costs time of its own, and writers that go on make
// dirty again what was flushed. So: nothing dirty, no round; one where there is much; another only
// where the rate at which the last one wrote, against that at which new data came, promises a gain.
//
// The kernel counts dirty data for the whole system, not for a filesystem (that stands in debugfs
// alone): what is said here is an upper bound. After a complete round it is a close one: what was
// dirty before is written, so only what was made dirty since can be left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/time.hpp"
#include "plan/plan.hpp"

namespace vss::plan {

// Less than this is flushed by the freeze itself as fast as by a round before it.
inline constexpr std::uint64_t kLittleDirty = std::uint64_t{32} << 20;
inline constexpr std::size_t kFlushRoundsMax = 3;

// What a freeze takes with nothing to flush: three grace periods of the kernel's for the first, and
// a little for each one beside it.
inline constexpr base::Duration kBareFreeze = base::milliseconds{40};
inline constexpr base::Duration kBareFreezeEach = base::milliseconds{1};

// Bytes. The last two count since the machine started.
struct FlushState {
  std::uint64_t pending = 0;  // dirty, or on their way to a device
  std::uint64_t dirtied = 0;
  std::uint64_t written = 0;
};

struct FlushRound {
  FlushState before, after;
  base::Duration took{0};
  bool complete = true;  // each of the filesystems was synced
};

struct FlushPolicy {
  bool always = false;  // one round, also with nothing to flush: it proves that all answer
  base::Duration stall_budget{0};  // more is refused; 0: no limit
};

struct FlushQuestion {
  FlushPolicy policy;
  std::size_t filesystems = 0;  // that are to be frozen
  FlushState now;
  std::span<const FlushRound> rounds;  // that were made
  base::Duration time_left{0};         // for rounds
};

struct FlushForecast {
  bool round = false;         // one (more) pays, or is owed
  base::Duration stall{0};    // of a freeze at this moment
  std::uint64_t pending = 0;  // what it rests on: at most this much of what is to be frozen,
  std::uint64_t rate = 0;     // at so many bytes a second,
  bool measured = false;      // which a round has shown; else it is assumed
};

FlushForecast forecast(const FlushQuestion& question);

// "predicted stall 4.2 s (3.1 GB dirty at 0.8 GB/s)"
Reason to_text(const FlushForecast& forecast);

// Why a freeze is refused under `policy`; empty: it is not. Short: the coordinator quotes at most
// 120 bytes of a participant's reason.
Reason why_too_long(const FlushForecast& forecast, const FlushPolicy& policy);

// "3.1 GB"; for sentences.
base::FixedText<24> bytes_text(std::uint64_t bytes);

}  // namespace vss::plan
