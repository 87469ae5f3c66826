#include "records/record.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "records/blocking_command.hpp"

namespace vss::records {
namespace {

using base::Instant;

Offset offset(Instant at, Instant began) {
  if (at == Instant{} || at.is_never()) return std::nullopt;
  return at - began;
}

WriterPart to_part(const coordinator::WriterEntry& entry) {
  return {.name = std::string(entry.name.view()),
          .level = entry.level,
          .plain = entry.plain,
          .required = entry.criticality == coordinator::Criticality::kRequired,
          .fate = entry.fate,
          .told_thaw = entry.told_thaw,
          .told_abort = entry.told_abort,
          .prepare = entry.prepare,
          .freeze = entry.freeze,
          .thaw = entry.thaw,
          .reason = std::string(entry.reason.view())};
}

// The latest news of each mount, in the order in which the mounts were first named. News may leave
// out times that were told before.
std::vector<wire::MountDetail> latest(std::span<const wire::MountDetail> details) {
  std::vector<wire::MountDetail> list;
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::size_t> place;
  for (const auto& news : details) {
    const auto [at, is_new] =
        place.try_emplace({news.mount_id, news.device_major, news.device_minor}, list.size());
    if (is_new) {
      list.push_back(news);
      continue;
    }
    const wire::MountDetail before = std::exchange(list[at->second], news);
    wire::MountDetail& now = list[at->second];
    if (now.began == Instant{}) now.began = before.began;
    if (now.freeze_time == Duration{}) now.freeze_time = before.freeze_time;
    if (now.thaw_time == Duration{}) now.thaw_time = before.thaw_time;
    if (!now.flush) now.flush = before.flush;
  }
  return list;
}

FlushPart to_part(const wire::FlushReport& report) {
  return {.rounds = report.rounds,
          .given_up = report.given_up != 0,
          .dirty = report.pending,
          .written = report.written,
          .left = report.left,
          .rate = report.rate,
          .length = Duration{static_cast<std::int64_t>(report.took)},
          .predicted_stall = Duration{static_cast<std::int64_t>(report.predicted_stall)},
          .measured_stall = std::nullopt};
}

// How long the filesystems took to freeze.
Offset measured_stall(const std::vector<FilesystemPart>& filesystems) {
  Offset first, last;
  for (const FilesystemPart& part : filesystems) {
    if (!part.began || part.freeze_time == Duration{}) continue;
    first = std::min(first.value_or(*part.began), *part.began);
    last = std::max(last.value_or(Duration{0}), *part.began + part.freeze_time);
  }
  if (!first || !last) return std::nullopt;
  return *last - *first;
}

void add_warnings(TransactionRecord& to) {
  if (to.released_without_freezer) {
    to.warnings.emplace_back(
        "writers were released before the freezer had confirmed the thaw, because the deadline had "
        "passed");
  }
  if (to.freezer_plain) {
    to.warnings.emplace_back(
        "the freezer is a plain client of the device interface: its word was taken, it reports no "
        "filesystems");
  }
  const auto command = command_that_blocks(to.note);
  if (command && to.selection != coordinator::Selection::kNone) {
    to.warnings.push_back("`" + std::string(*command) +
                          "` waits until the filesystem that it copies is thawed; run it with "
                          "--filesystems none");
  }
}

}  // namespace

FilesystemPart to_part(const wire::MountDetail& detail, Instant began) {
  return {.mount_point = std::string(detail.mount_point.view()),
          .type = std::string(detail.filesystem_type.view()),
          .source = std::string(detail.source.view()),
          .device = std::to_string(detail.device_major) + ':' + std::to_string(detail.device_minor),
          .layer = detail.layer,
          .action = detail.action,
          .result = detail.result,
          .error = detail.error,
          .began = offset(detail.began, began),
          .freeze_time = detail.freeze_time,
          .thaw_time = detail.thaw_time,
          .reason = std::string(detail.reason.view())};
}

TransactionRecord make_record(const coordinator::Record& record,
                              std::span<const wire::MountDetail> details, RecordContext context) {
  TransactionRecord to;
  to.id = record.id;
  to.began_wall = context.began_wall;
  to.check_only = record.check_only;
  to.requester_kind = record.requester_kind;
  to.requester = record.requester.view();
  to.note = std::move(context.note);
  to.selection = record.selection;
  to.paths = std::move(context.paths);
  to.require = record.require;
  to.grade = record.grade;
  to.result = record.result;
  to.sentence = record.sentence.view();
  to.answered = offset(record.answered, record.began);
  to.hold_began = offset(record.hold_began, record.began);
  to.hold_deadline = offset(record.hold_deadline, record.began);
  to.thaw_asked = offset(record.thaw_asked, record.began);
  to.ended = offset(record.ended, record.began);
  to.released_without_freezer = record.released_without_freezer;
  to.automatic_thaw = record.automatic_thaw;
  to.freezer_plain = record.freezer_plain;
  to.late_answers = record.late_answers;
  to.counts = record.filesystems;
  for (const auto& phase : record.phases) {
    to.phases.push_back({phase.phase, phase.began - record.began, phase.length});
  }
  to.writers.reserve(record.writers.size());
  for (const auto& writer : record.writers)
    to.writers.push_back(to_part(writer));
  for (const auto& detail : latest(details)) {
    to.filesystems.push_back(to_part(detail, record.began));
    if (detail.flush) to.flush = to_part(*detail.flush);
  }
  if (to.flush) to.flush->measured_stall = measured_stall(to.filesystems);
  to.host = std::move(context.host);
  to.warnings = std::move(context.warnings);
  add_warnings(to);
  return to;
}

RecordSummary summary_of(const TransactionRecord& record) {
  const Duration end = record.ended.value_or(Duration{});
  return {.id = record.id,
          .began_wall = record.began_wall,
          .check_only = record.check_only,
          .requester = record.requester,
          .result = record.result,
          .grade = record.grade,
          .length = end,
          .hold = record.hold_began && record.ended ? end - *record.hold_began : Duration{},
          .sentence = record.sentence};
}

}  // namespace vss::records
