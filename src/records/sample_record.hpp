// One transaction with everything in it, for the tests of this folder.
#pragma once

#include "records/record.hpp"

namespace vss::records::testing {

using base::milliseconds;

inline TransactionId id_at(std::uint64_t second, std::uint64_t counter) {
  return {(second << base::kTransactionCounterBits) | counter};
}

// One that held, and an optional one that did not answer.
inline decltype(TransactionRecord::writers) sample_writers() {
  return {{.name = "bank",
           .level = 50,
           .plain = false,
           .required = true,
           .fate = coordinator::WriterFate::kReleased,
           .told_thaw = true,
           .told_abort = false,
           .prepare = milliseconds(40),
           .freeze = milliseconds(10),
           .thaw = milliseconds(15),
           .reason = ""},
          {.name = "cache",
           .level = 150,
           .plain = false,
           .required = false,
           .fate = coordinator::WriterFate::kTimedOut,
           .told_thaw = false,
           .told_abort = true,
           .prepare = milliseconds(1),
           .freeze = milliseconds(0),
           .thaw = milliseconds(0),
           .reason = "did not answer"}};
}

// One frozen, one excluded, one with nothing to freeze.
inline decltype(TransactionRecord::filesystems) sample_filesystems() {
  return {{.mount_point = "/srv/a",
           .type = "ext4",
           .source = "/dev/loop0",
           .device = "7:0",
           .layer = 0,
           .action = wire::MountAction::kFreeze,
           .result = wire::MountResult::kThawed,
           .error = 0,
           .began = milliseconds(71),
           .freeze_time = milliseconds(33),
           .thaw_time = milliseconds(12),
           .reason = ""},
          {.mount_point = "/scratch",
           .type = "xfs",
           .source = "/dev/loop1",
           .device = "7:1",
           .layer = -1,
           .action = wire::MountAction::kExclude,
           .result = wire::MountResult::kPlanned,
           .error = 0,
           .began = std::nullopt,
           .freeze_time = milliseconds(0),
           .thaw_time = milliseconds(0),
           .reason = "excluded by pattern /scratch*"},
          {.mount_point = "/proc",
           .type = "proc",
           .source = "proc",
           .device = "0:5",
           .layer = -1,
           .action = wire::MountAction::kSkip,
           .result = wire::MountResult::kPlanned,
           .error = 0,
           .began = std::nullopt,
           .freeze_time = milliseconds(0),
           .thaw_time = milliseconds(0),
           .reason = "pseudo filesystem"}};
}

inline TransactionRecord sample_record(std::uint64_t counter = 3) {
  using coordinator::Phase;
  TransactionRecord record;
  record.id = id_at(0x6a11f0c2, counter);
  record.began_wall = 1763834710;
  record.requester_kind = coordinator::RequesterKind::kLocal;
  record.requester = "vssctl[812]";
  record.note = "cp /img/a /backup/a";
  record.selection = coordinator::Selection::kPaths;
  record.paths = {"/srv/a", "/srv/b"};
  record.require = coordinator::Grade::kFilesystem;
  record.grade = coordinator::Grade::kApplication;
  record.result = coordinator::Result::kConsistent;
  record.sentence = "everything held until the requester's thaw";
  record.answered = milliseconds(150);
  record.hold_began = milliseconds(60);
  record.hold_deadline = milliseconds(30'050);
  record.thaw_asked = milliseconds(5'150);
  record.ended = milliseconds(5'200);
  record.late_answers = 1;
  record.counts.to_freeze = record.counts.frozen = 2;
  record.counts.plan_changed = true;
  record.flush = FlushPart{.rounds = 1,
                           .given_up = false,
                           .dirty = 612'000'000,
                           .written = 610'000'000,
                           .left = 4'000'000,
                           .rate = 2'440'000'000,
                           .length = milliseconds(250),
                           .predicted_stall = milliseconds(44),
                           .measured_stall = milliseconds(33)};
  record.phases = {{Phase::kPrepare, milliseconds(0), milliseconds(50)},
                   {Phase::kFreezeWriters, milliseconds(50), milliseconds(20)},
                   {Phase::kFreezeFilesystems, milliseconds(70), milliseconds(80)},
                   {Phase::kHeld, milliseconds(150), milliseconds(5'000)},
                   {Phase::kThawFilesystems, milliseconds(5'150), milliseconds(30)},
                   {Phase::kThawWriters, milliseconds(5'180), milliseconds(20)}};
  record.writers = sample_writers();
  record.filesystems = sample_filesystems();
  record.warnings = {"memory could not be locked"};
  return record;
}

}  // namespace vss::records::testing
