// Status, writers and plan.
#include <fmt/format.h>

#include <algorithm>

#include "records/render.hpp"
#include "records/times.hpp"
#include "records/words.hpp"
#include "text/table.hpp"

namespace vss::records {
namespace {

std::string field(std::string_view name, std::string_view value) {
  return fmt::format("  {:<18} {}\n", name, text::clean(value));
}

std::string id_of(TransactionId id) {
  return id.valid() ? std::string(base::to_text(id).view()) : "none";
}

std::string freezer_text(const FreezerPart& freezer) {
  if (!freezer.connected) return "not connected: start vss-freezer";
  if (freezer.plain) return "a plain client of the device interface; it reports nothing";
  std::string text = freezer.clean ? "clean" : "not clean: " + freezer.reason;
  text += freezer.guardian_alive ? ", guardian alive" : ", no guardian: start vss-guardian";
  return text + ", last thawed " + id_of(freezer.last_thawed);
}

std::string open_transaction(const StatusDocument& status) {
  if (!status.transaction.valid()) return "none";
  std::string text = fmt::format("{}, {}, asked by {}", id_of(status.transaction),
                                 to_text(status.phase), status.requester);
  if (status.hold_left) text += ", thaws itself in " + seconds_text(*status.hold_left);
  return text;
}

std::string writers_text(const StatusDocument& status) {
  std::string text = fmt::format("{} registered", status.writers);
  for (std::size_t i = 0; i < status.expected_absent.size(); ++i) {
    text += (i == 0 ? "; expected and absent: " : ", ") + status.expected_absent[i];
  }
  return text;
}

}  // namespace

std::string render_status(const StatusDocument& status) {
  std::string text =
      "vssd " + text::clean(status.version) + ": " +
      (status.not_ready.empty() ? "ready" : "not ready: " + text::clean(status.not_ready)) + '\n';
  text += field("open transaction", open_transaction(status));
  text += field("freezer", freezer_text(status.freezer));
  text += field("writers", writers_text(status));
  if (status.last) {
    text +=
        field("last transaction", fmt::format("{}, {}, {}: {}", id_of(status.last->id),
                                              utc_text(status.last->began_wall),
                                              to_text(status.last->result), status.last->sentence));
  }
  for (const auto& host : status.hosts)
    text += field("host", host);
  if (!status.nodes.empty()) text += field("device nodes", status.nodes);
  for (const auto& warning : status.warnings)
    text += field("warning", warning);
  return text;
}

std::string render_writers(const WritersDocument& document) {
  if (document.writers.empty()) return "No writer is registered, and none is expected.\n";
  auto lines = document.writers;
  std::ranges::stable_sort(lines, {}, [](const WriterLine& line) {
    return std::tuple(line.present, line.level, line.name);
  });
  text::Table table({"WRITER", "LEVEL", "", "TIMEOUT", "STATE"});
  for (const auto& line : lines) {
    table.row({line.name, std::to_string(line.level),
               line.plain      ? "plain"
               : line.required ? "required"
                               : "optional",
               seconds_text(line.timeout),
               !line.present ? "expected, and absent" : (line.busy ? "busy" : "ready")});
  }
  return table.text();
}

std::string render_plan(const PlanDocument& plan, text::Strokes strokes, text::Folding folding) {
  std::vector<text::MountLine> lines;
  for (const FilesystemPart& part : plan.mounts) {
    const bool quiet =
        part.action == wire::MountAction::kSkip || part.action == wire::MountAction::kCovered;
    lines.push_back({part.mount_point, part.layer, to_text(part.action), part.type, part.device,
                     part.reason, quiet});
  }
  std::string text = text::mount_tree(lines, strokes, folding);
  text += fmt::format("{} to freeze, {} synced, {} excluded, {} that lower the grade\n",
                      plan.summary.to_freeze, plan.summary.synced, plan.summary.excluded,
                      plan.summary.lower_grade);
  if (plan.reason.empty()) return text;
  text +=
      (plan.success ? "Warning: " : "A snapshot would fail: ") + text::clean(plan.reason) + '\n';
  return text;
}

}  // namespace vss::records
