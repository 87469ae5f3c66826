// What is kept of one transaction, for people: plain values that own their memory.
//
// The coordinator's own Record lies in memory taken at start and is overwritten by the next
// transaction; this is the form that is written to disk, sent to vssctl and rendered. Everything in
// this folder allocates: it is called after the thaw, or outside of vssd. The schema is
// docs/records.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/identity.hpp"
#include "coordinator/record.hpp"
#include "wire/filesystems.hpp"

namespace vss::records {

using base::Duration;
using base::TransactionId;

inline constexpr int kSchemaVersion = 1;

// Times within a transaction are offsets from its beginning; nothing: it did not happen.
using Offset = std::optional<Duration>;

struct PhasePart {
  coordinator::Phase phase{};
  Duration began{0};
  Duration length{0};
};

struct WriterPart {
  std::string name;
  int level = 0;
  bool plain = false;
  bool required = true;
  coordinator::WriterFate fate{};
  bool told_thaw = false;
  bool told_abort = false;
  Duration prepare{0}, freeze{0}, thaw{0};  // from being told to answering
  std::string reason;
};

struct FilesystemPart {
  std::string mount_point;
  std::string type;
  std::string source;
  std::string device;  // "major:minor"
  int layer = -1;      // 0 freezes first; -1: not frozen
  wire::MountAction action{};
  wire::MountResult result{};
  int error = 0;  // errno
  Offset began;   // of the freeze ioctl
  Duration freeze_time{0}, thaw_time{0};
  std::string reason;
};

// What PREPARE flushed before the freeze. Bytes are the whole system's.
struct FlushPart {
  std::uint32_t rounds = 0;
  bool given_up = false;  // the last round took more than its share of PREPARE
  std::uint64_t dirty = 0, written = 0, left = 0;
  std::uint64_t rate = 0;  // bytes a second; 0: not measured
  Duration length{0};      // of all rounds
  Duration predicted_stall{0};
  Offset measured_stall;  // from the first freeze's beginning to the last one's end
};

// One request of the host and its answer. A host asks before a transaction begins, too.
struct HostPart {
  std::string request;  // the host's word: "HOT_BACKUP", "FREEZE", …
  Duration began{0};    // below zero: before the transaction
  Duration length{0};   // to its answer
  bool success = false;
};

struct TransactionRecord {
  TransactionId id;
  std::int64_t began_wall = 0;  // seconds since 1970
  bool check_only = false;
  coordinator::RequesterKind requester_kind{};
  std::string requester;
  std::string note;  // `vssctl snapshot`: COMMAND
  coordinator::Selection selection{};
  std::vector<std::string> paths;  // that were asked for
  coordinator::Grade require{}, grade{};
  coordinator::Result result{};
  std::string sentence;  // one sentence a person can act on
  Offset answered, hold_began, hold_deadline, thaw_asked, ended;
  bool released_without_freezer = false;  // order yielded to the deadline
  bool automatic_thaw = false;
  bool freezer_plain = false;
  std::uint32_t late_answers = 0;
  coordinator::FilesystemCounts counts;
  std::optional<FlushPart> flush;  // nothing: the freezer did not tell, or there was none
  std::vector<HostPart> host;      // of a host's transaction: what it asked for, and around it
  std::vector<PhasePart> phases;
  std::vector<WriterPart> writers;
  std::vector<FilesystemPart> filesystems;
  std::vector<std::string> warnings;
};

// What the driver knows of a transaction beside the coordinator's record.
struct RecordContext {
  std::int64_t began_wall = 0;        // platform::wall_clock_seconds() at its beginning
  std::string note;                   // ControlRequest::note
  std::vector<std::string> paths;     // of a request that names filesystems
  std::vector<std::string> warnings;  // anything a person should know, one sentence each
  std::vector<HostPart> host;
};

// Called by the driver after LeaveFreezeWindow. `details`: the freezer's frames of this transaction
// as they came; a later one about the same mount replaces the earlier.
TransactionRecord make_record(const coordinator::Record& record,
                              std::span<const wire::MountDetail> details, RecordContext context);

// One mount of a plan, or of a transaction that began at `began`.
FilesystemPart to_part(const wire::MountDetail& detail, base::Instant began);

// One line of the history.
struct RecordSummary {
  TransactionId id;
  std::int64_t began_wall = 0;
  bool check_only = false;
  std::string requester;
  coordinator::Result result{};
  coordinator::Grade grade{};
  Duration length{0};  // beginning to end
  Duration hold{0};    // 0: nothing held
  std::string sentence;
};
RecordSummary summary_of(const TransactionRecord& record);

}  // namespace vss::records
