// The timeline of one transaction: where its time went, and how far the deadline was.
#include <fmt/format.h>

#include <algorithm>

#include "records/render.hpp"
#include "records/times.hpp"
#include "text/table.hpp"

namespace vss::records {
namespace {

using coordinator::Phase;

constexpr int kBarColumns = 24;
constexpr std::size_t kPartsShown = 8;  // the longest of a phase

struct Part {
  std::string name;
  Offset began;
  Duration length{0};
};

std::string bar(Duration began, Duration length, Duration whole) {
  const double scale = whole.count() > 0 ? kBarColumns / static_cast<double>(whole.count()) : 0.0;
  const int from =
      std::clamp(static_cast<int>(static_cast<double>(began.count()) * scale), 0, kBarColumns - 1);
  const int to = std::clamp(static_cast<int>(static_cast<double>((began + length).count()) * scale),
                            from + 1, kBarColumns);
  std::string text(kBarColumns, '.');
  std::fill(text.begin() + from, text.begin() + to, '#');
  return text;
}

void add_writers(std::vector<Part>& parts, const TransactionRecord& record,
                 Duration WriterPart::* length) {
  for (const auto& writer : record.writers) {
    if (writer.*length == Duration{}) continue;
    parts.push_back({fmt::format("writer {} (level {})", writer.name, writer.level), std::nullopt,
                     writer.*length});
  }
}

void add_filesystems(std::vector<Part>& parts, const TransactionRecord& record, bool thaw) {
  for (const auto& part : record.filesystems) {
    const Duration length = thaw ? part.thaw_time : part.freeze_time;
    if (length == Duration{}) continue;
    parts.push_back({fmt::format("filesystem {} (layer {})", part.mount_point, part.layer),
                     thaw ? Offset{} : part.began, length});
  }
}

std::vector<Part> parts_of(const TransactionRecord& record, Phase phase) {
  std::vector<Part> parts;
  switch (phase) {
    case Phase::kCheck:
    case Phase::kPrepare: add_writers(parts, record, &WriterPart::prepare); break;
    case Phase::kFreezeWriters: add_writers(parts, record, &WriterPart::freeze); break;
    case Phase::kFreezeFilesystems: add_filesystems(parts, record, false); break;
    case Phase::kThawFilesystems:
    case Phase::kAbortFilesystems: add_filesystems(parts, record, true); break;
    case Phase::kThawWriters:
    case Phase::kAbortWriters: add_writers(parts, record, &WriterPart::thaw); break;
    case Phase::kIdle:
    case Phase::kSeal:
    case Phase::kHeld: break;
  }
  std::ranges::stable_sort(parts, std::greater<>(), &Part::length);
  return parts;
}

void add_parts(text::Table& table, std::vector<Part> parts) {
  const std::size_t more = parts.size() - std::min(parts.size(), kPartsShown);
  for (std::size_t i = 0; i < parts.size() - more; ++i) {
    const Part& part = parts[i];
    table.row({part.began ? seconds_text(*part.began) : "", seconds_text(part.length), "",
               "  " + part.name});
  }
  if (more > 0) {
    table.row({"", seconds_text(parts[kPartsShown].length), "",
               fmt::format("  … or less: {} more", more)});
  }
}

void add_host(text::Table& table, const TransactionRecord& record) {
  for (const HostPart& part : record.host) {
    table.row({seconds_text(part.began), seconds_text(part.length), "",
               fmt::format("host {}: {}", part.request, part.success ? "yes" : "no")});
  }
}

void add_deadline(text::Table& table, const TransactionRecord& record) {
  table.row({seconds_text(*record.hold_deadline), "", "",
             record.automatic_thaw ? "hold deadline: thawed automatically" : "hold deadline"});
}

}  // namespace

std::string render_timeline(const TransactionRecord& record) {
  text::Table table({"at", "length", "", ""});
  Duration whole = record.ended.value_or(Duration{});
  for (const auto& phase : record.phases)
    whole = std::max(whole, phase.began + phase.length);
  bool deadline_shown = !record.hold_deadline;
  for (const auto& phase : record.phases) {
    if (!deadline_shown && *record.hold_deadline <= phase.began) {
      add_deadline(table, record);
      deadline_shown = true;
    }
    table.row({seconds_text(phase.began), seconds_text(phase.length),
               bar(phase.began, phase.length, whole), std::string(to_text(phase.phase))});
    add_parts(table, parts_of(record, phase.phase));
  }
  if (record.ended) table.row({seconds_text(*record.ended), "", "", "end"});
  if (!deadline_shown) add_deadline(table, record);
  add_host(table, record);
  return "Timeline\n" + table.text();
}

}  // namespace vss::records
