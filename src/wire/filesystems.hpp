// What vssd and the freezer tell each other about filesystems.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "base/fixed_text.hpp"
#include "base/fixed_vector.hpp"
#include "base/identity.hpp"
#include "base/limits.hpp"
#include "base/time.hpp"
#include "wire/frame.hpp"

namespace vss::wire {

using Path = base::FixedText<1024>;

enum class Selection : std::uint32_t { kAll = 0, kNone = 1, kPaths = 2 };
// What becomes of a writable local filesystem that cannot be frozen.
enum class UnfreezablePolicy : std::uint32_t { kSync = 0, kFail = 1 };
// Whether PREPARE flushes filesystems before they are frozen.
enum class PreSync : std::uint32_t {
  kAuto = 0,    // where enough is dirty for it to pay
  kAlways = 1,  // at least once: a device that does not answer is found before anything is frozen
};
// Consistency of a copy, ascending.
enum class Grade : std::uint32_t { kCrash = 0, kFilesystem = 1, kApplication = 2 };

// With CHECK, PREPARE and kPlan: what is asked of the freezer. It checks every path itself and
// never lets these widen its own --only or --allow-root. About 150 KiB: keep it out of small
// stacks. The limits together exceed one frame: check `complete()` of the frame that is to carry
// it.
struct FilesystemRequest {
  Selection selection = Selection::kAll;
  base::FixedVector<Path, base::kSelectedPathsMax> paths;  // mount roots; kPaths only
  base::FixedVector<base::FixedText<256>, 64> exclude;     // fnmatch(3) on the mount point
  UnfreezablePolicy unfreezable = UnfreezablePolicy::kSync;
  Grade require = Grade::kFilesystem;
  PreSync pre_sync = PreSync::kAuto;
  // A freeze that is predicted to take longer is refused in PREPARE; 0: none is.
  base::Duration stall_budget{0};
};

// With the freezer's replies, and in its status: counts of superblocks.
struct FilesystemSummary {
  std::uint32_t to_freeze = 0;  // planned
  std::uint32_t frozen = 0;     // FIFREEZE succeeded and not yet thawed
  std::uint32_t synced = 0;     // policy `sync`: flushed, not frozen
  std::uint32_t excluded = 0;
  std::uint32_t lower_grade = 0;       // persistent, local, writable, in scope and not frozen
  std::uint32_t in_flight = 0;         // FIFREEZE or FITHAW that has not returned
  std::uint32_t thawed_by_others = 0;  // FITHAW found ours already thawed
  std::uint32_t thawed_by_guardian = 0;
  std::uint32_t owner_unknown = 0;  // thawed although it may not have been ours
  std::uint32_t plan_changed = 0;   // 1: planning again gave another set

  friend bool operator==(const FilesystemSummary&, const FilesystemSummary&) = default;
};
static_assert(sizeof(FilesystemSummary) == 40);

// With one kDetail of PREPARE: what was flushed before the freeze, and how long that is predicted
// to take. Bytes are the whole system's, times in nanoseconds.
struct FlushReport {
  std::uint32_t rounds = 0;
  std::uint32_t given_up = 0;  // 1: the last round took more than its share of PREPARE
  std::uint64_t pending = 0;   // dirty, or on its way to a device, before the first round
  std::uint64_t written = 0;   // by all rounds
  std::uint64_t left = 0;      // at most, of what is to be frozen, after the last
  std::uint64_t rate = 0;      // bytes a second in the last round; 0: not measured
  std::uint64_t took = 0;
  std::uint64_t predicted_stall = 0;

  friend bool operator==(const FlushReport&, const FlushReport&) = default;
};
static_assert(sizeof(FlushReport) == 56);

// kFreezerStatus, and in a freezer's registration.
struct FreezerStatus {
  bool clean = false;  // no open slot of any transaction, nothing in flight, disarmed
  bool guardian_alive = false;
  base::TransactionId last_thawed;                // as in the thawed page
  base::TransactionId transaction;                // the one it holds slots for, or none
  base::FixedText<base::kReasonBytesMax> reason;  // when not clean: what it waits for

  friend bool operator==(const FreezerStatus&, const FreezerStatus&) = default;
};

enum class MountAction : std::uint32_t {
  kFreeze = 0,
  kSync = 1,     // cannot be frozen; flushed
  kCovered = 2,  // another entry freezes the same superblock (bind mount, overlay's upper)
  kSkip = 3,     // nothing to freeze: pseudo, remote, read-only, not persistent
  kExclude = 4,  // by configuration or not selected
  kVeto = 5,     // a snapshot of this plan would fail; the reason says why and what to do
};
enum class MountResult : std::uint32_t {
  kPlanned = 0,
  kOpened = 1,
  kFreezing = 2,
  kFrozen = 3,
  kThawed = 4,
  kFailed = 5,
  kThawedByOthers = 6,
  kThawedByGuardian = 7,
  kOwnerUnknown = 8,
  kStuck = 9,
};

// kDetail: one mount of the plan, or news of one filesystem during a transaction.
struct MountDetail {
  base::TransactionId transaction;  // none in answers to kPlan
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::uint32_t mount_id = 0;
  std::int32_t layer = -1;  // 0 freezes first; -1: not frozen
  MountAction action = MountAction::kSkip;
  MountResult result = MountResult::kPlanned;
  std::int32_t error = 0;  // errno of what failed
  base::Instant began;     // of the freeze ioctl; 0: not yet
  base::Duration freeze_time{0};
  base::Duration thaw_time{0};
  std::optional<FlushReport> flush;  // of the transaction, with one of its details
  base::FixedText<1024> mount_point;
  base::FixedText<32> filesystem_type;
  base::FixedText<256> source;
  base::FixedText<base::kReasonBytesMax> reason;
};

// Adds the request's fields to a frame that carries more.
void add_filesystem_request(FrameWriter&, const FilesystemRequest&);
FrameWriter make_plan_request(const FilesystemRequest&, std::uint32_t tag);
FrameWriter make_plan_end(const FilesystemSummary&, std::uint32_t tag, std::uint32_t status,
                          std::string_view reason);
FrameWriter make_frame(const MountDetail&, std::uint32_t tag = 0);
FrameWriter make_frame(const FreezerStatus&);

struct PlanEnd {
  std::uint32_t status = kStatusSuccess;
  FilesystemSummary summary;
  base::FixedText<base::kReasonBytesMax> reason;
};
// From kPlan, from a freezer's kEvent and from kControlRequest; absent fields take their defaults.
std::expected<FilesystemRequest, FrameError> decode_filesystem_request(const FrameView&);
std::expected<PlanEnd, FrameError> decode_plan_end(const FrameView&);
std::expected<MountDetail, FrameError> decode_mount_detail(const FrameView&);
std::expected<FreezerStatus, FrameError> decode_freezer_status(const FrameView&);

}  // namespace vss::wire
