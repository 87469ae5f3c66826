#include "records/rehearsal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "records/json_parts.hpp"
#include "records/render.hpp"
#include "records/times.hpp"
#include "text/table.hpp"

namespace vss::records {
namespace {

using coordinator::Phase;

constexpr std::string_view kSchema = "openvss.rehearsal";

// The end of the phase in which filesystems were thawed.
Offset thawed_at(const TransactionRecord& record) {
  Offset end;
  for (const PhasePart& phase : record.phases) {
    if (phase.phase == Phase::kThawFilesystems || phase.phase == Phase::kAbortFilesystems) {
      end = phase.began + phase.length;
    }
  }
  return end;
}

Json stall_json(const StallPart& stall) {
  return {{"mount_point", stall.mount_point},
          {"measured_us", microseconds(stall.measured)},
          {"writes", stall.writes},
          {"not_measured", stall.not_measured},
          {"frozen_us", microseconds(stall.frozen)}};
}

std::string verdict(const RehearsalDocument& rehearsal) {
  const std::string id =
      rehearsal.transaction.valid() ? std::string(base::to_text(rehearsal.transaction).view()) : "";
  if (!rehearsal.problem.empty()) {
    return fmt::format("Rehearsal {}: a copy would not have been good: {}\n", id,
                       text::clean(rehearsal.problem));
  }
  return fmt::format("Rehearsal {}: a copy would have been {}-consistent\n", id,
                     to_text(rehearsal.grade));
}

std::string stalls(const RehearsalDocument& rehearsal) {
  std::string text;
  if (rehearsal.held) {
    text += fmt::format("  applications were held for {}\n", seconds_text(*rehearsal.held));
  }
  if (rehearsal.record) text += render_flush(*rehearsal.record);
  if (rehearsal.stalls.empty()) return text + "  no filesystem was frozen\n";
  text::Table table({"FILESYSTEM", "STALL", "FROZEN", ""});
  for (const StallPart& stall : rehearsal.stalls) {
    table.row({stall.mount_point, stall.measured ? seconds_text(*stall.measured) : "-",
               stall.frozen ? seconds_text(*stall.frozen) : "-",
               stall.measured
                   ? fmt::format("the longest gap between two of {} writes", stall.writes)
                   : "stall not measured: " + stall.not_measured});
  }
  return text + table.text();
}

}  // namespace

void complete(RehearsalDocument& rehearsal) {
  if (!rehearsal.record) return;
  const TransactionRecord& record = *rehearsal.record;
  if (record.hold_began && record.ended) rehearsal.held = *record.ended - *record.hold_began;
  const Offset thawed = thawed_at(record);
  for (StallPart& stall : rehearsal.stalls) {
    const auto part = std::ranges::find_if(record.filesystems, [&](const FilesystemPart& any) {
      return any.action == wire::MountAction::kFreeze && any.mount_point == stall.mount_point;
    });
    if (part != record.filesystems.end() && part->began && thawed) {
      stall.frozen = *thawed - *part->began;
    }
  }
}

std::string to_json(const RehearsalDocument& rehearsal) {
  Json json = new_document(kSchema);
  json["success"] = rehearsal.problem.empty();
  json["problem"] = rehearsal.problem;
  json["transaction"] = id_text(rehearsal.transaction);
  json["grade"] = to_text(rehearsal.grade);
  json["held_us"] = microseconds(rehearsal.held);
  json["stalls"] = Json::array();
  for (const StallPart& stall : rehearsal.stalls)
    json["stalls"].push_back(stall_json(stall));
  json["record"] = rehearsal.record ? record_json(*rehearsal.record) : Json(nullptr);
  return dump(json);
}

std::string render_rehearsal(const RehearsalDocument& rehearsal) {
  std::string text = verdict(rehearsal) + stalls(rehearsal);
  if (rehearsal.record) text += '\n' + render_timeline(*rehearsal.record);
  return text;
}

}  // namespace vss::records
