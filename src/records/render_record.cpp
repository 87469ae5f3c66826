// History and the explanation of one transaction.
#include <fmt/format.h>

#include <algorithm>

#include "records/render.hpp"
#include "records/times.hpp"
#include "records/words.hpp"
#include "text/table.hpp"

namespace vss::records {
namespace {

constexpr std::size_t kWritersShown = 40;

bool is_good(coordinator::Result result) {
  return result == coordinator::Result::kConsistent || result == coordinator::Result::kCheckPassed;
}

std::string id_of(TransactionId id) {
  return std::string(base::to_text(id).view());
}

std::string field(std::string_view name, std::string_view value) {
  return fmt::format("  {:<12} {}\n", name, text::clean(value));
}

std::string selection_text(const TransactionRecord& record) {
  std::string text(to_text(record.selection));
  if (record.selection != coordinator::Selection::kPaths) return text;
  text.clear();
  for (const auto& path : record.paths)
    text += (text.empty() ? "" : " ") + path;
  return text;
}

std::string facts(const TransactionRecord& record) {
  std::string text = field("began", utc_text(record.began_wall));
  text +=
      field("asked by", fmt::format("{} ({})", record.requester, to_text(record.requester_kind)));
  text += field("filesystems", selection_text(record));
  if (!record.note.empty()) text += field("command", record.note);
  if (record.check_only) return text;
  text += field("grade",
                fmt::format("{} (required: {})", to_text(record.grade), to_text(record.require)));
  if (record.hold_began && record.ended) {
    text +=
        field("held", fmt::format("{}, budget {}", seconds_text(*record.ended - *record.hold_began),
                                  record.hold_deadline
                                      ? seconds_text(*record.hold_deadline - *record.hold_began)
                                      : "none"));
  }
  text += render_flush(record);
  if (record.late_answers > 0) {
    text += field("late answers", fmt::format("{}, told to roll back", record.late_answers));
  }
  return text;
}

// What went wrong first, then by level as the transaction went.
std::string writers(const TransactionRecord& record) {
  if (record.writers.empty()) return {};
  std::vector<const WriterPart*> list;
  for (const auto& writer : record.writers)
    list.push_back(&writer);
  std::ranges::stable_sort(list, {}, [](const WriterPart* writer) {
    return std::pair(writer->reason.empty(), writer->level);
  });
  text::Table table({"WRITER", "LEVEL", "", "FATE", "REASON"});
  const std::size_t shown = std::min(list.size(), kWritersShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const WriterPart& writer = *list[i];
    table.row({writer.name, std::to_string(writer.level),
               writer.plain      ? "plain"
               : writer.required ? "required"
                                 : "optional",
               std::string(to_text(writer.fate)), writer.reason});
  }
  std::string text = "\nWriters\n" + table.text();
  if (shown < list.size()) {
    text += fmt::format("  … and {} more; --json lists all\n", list.size() - shown);
  }
  return text;
}

std::string mounts(const TransactionRecord& record) {
  text::Table took_part({"FILESYSTEM", "TYPE", "LAYER", "RESULT", "REASON"});
  text::Table excluded({"EXCLUDED", "TYPE", "REASON"});
  std::size_t nothing_to_freeze = 0;
  for (const auto& part : record.filesystems) {
    switch (part.action) {
      case wire::MountAction::kExclude:
        excluded.row({part.mount_point, part.type, part.reason});
        break;
      case wire::MountAction::kSkip:
      case wire::MountAction::kCovered: ++nothing_to_freeze; break;
      case wire::MountAction::kFreeze:
        took_part.row({part.mount_point, part.type, std::to_string(part.layer),
                       std::string(to_text(part.result)), part.reason});
        break;
      case wire::MountAction::kSync:
      case wire::MountAction::kVeto:
        took_part.row({part.mount_point, part.type, "-",
                       part.action == wire::MountAction::kSync ? "synced, not frozen" : "veto",
                       part.reason});
        break;
    }
  }
  std::string text;
  if (!took_part.empty()) text += "\nFilesystems\n" + took_part.text();
  if (!excluded.empty()) text += "\nOut of scope: nothing is promised of these\n" + excluded.text();
  if (nothing_to_freeze > 0) {
    text += fmt::format("\n{} more mount{} nothing to freeze; --json lists them with reasons\n",
                        nothing_to_freeze, nothing_to_freeze == 1 ? " has" : "s have");
  }
  return text;
}

std::string bytes_text(std::uint64_t bytes) {
  const auto number = static_cast<double>(bytes);
  if (bytes >= 999'950'000) return fmt::format("{:.1f} GB", number / 1e9);
  return fmt::format("{:.1f} MB", number / 1e6);
}

}  // namespace

std::string render_flush(const TransactionRecord& record) {
  if (!record.flush) return {};
  const FlushPart& flush = *record.flush;
  std::string rounds = fmt::format("none: {} dirty", bytes_text(flush.dirty));
  if (flush.rounds > 0) {
    rounds = fmt::format("{} round{} in {}: {} dirty, {} written, {} left{}", flush.rounds,
                         flush.rounds == 1 ? "" : "s", seconds_text(flush.length),
                         bytes_text(flush.dirty), bytes_text(flush.written), bytes_text(flush.left),
                         flush.given_up ? "; given up, since it took too long" : "");
  }
  const std::string measured =
      flush.measured_stall ? fmt::format(", took {}", seconds_text(*flush.measured_stall)) : "";
  return field("pre-sync", rounds) +
         field("freeze",
               fmt::format("predicted {}{}", seconds_text(flush.predicted_stall), measured));
}

std::string render_history(std::span<const RecordSummary> history) {
  if (history.empty()) return "No transaction was recorded yet.\n";
  text::Table table({"ID", "BEGAN", "BY", "WHAT", "RESULT", "GRADE", "HELD", "WHY"});
  for (const auto& summary : history) {
    table.row({id_of(summary.id), utc_text(summary.began_wall), summary.requester,
               summary.check_only ? "check" : "snapshot", std::string(to_text(summary.result)),
               summary.check_only ? "-" : std::string(to_text(summary.grade)),
               summary.hold == Duration{} ? "-" : seconds_text(summary.hold),
               is_good(summary.result) ? "" : summary.sentence});
  }
  return table.text();
}

std::string render_explain(const TransactionRecord& record) {
  std::string text = fmt::format("Transaction {}: {}, {}\n{}\n\n", id_of(record.id),
                                 record.check_only ? "check" : "snapshot", to_text(record.result),
                                 text::clean(record.sentence));
  text += facts(record) + '\n' + render_timeline(record);
  text += writers(record) + mounts(record);
  if (!record.warnings.empty()) text += "\nWarnings\n";
  for (const auto& warning : record.warnings)
    text += "  - " + text::clean(warning) + '\n';
  return text;
}

}  // namespace vss::records
