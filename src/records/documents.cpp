#include "records/documents.hpp"

#include "records/json_object.hpp"
#include "records/json_parts.hpp"

namespace vss::records {
namespace {

constexpr std::string_view kStatusSchema = "openvss.status";
constexpr std::string_view kWritersSchema = "openvss.writers";
constexpr std::string_view kPlanSchema = "openvss.plan";

Json freezer_json(const FreezerPart& freezer) {
  return {{"connected", freezer.connected},
          {"plain", freezer.plain},
          {"clean", freezer.clean},
          {"guardian_alive", freezer.guardian_alive},
          {"last_thawed", id_text(freezer.last_thawed)},
          {"reason", freezer.reason}};
}

base::Status read_freezer(const Json& json, FreezerPart& to) {
  ObjectReader reader(json, "freezer");
  reader.flag("connected", to.connected);
  reader.flag("plain", to.plain);
  reader.flag("clean", to.clean);
  reader.flag("guardian_alive", to.guardian_alive);
  reader.id("last_thawed", to.last_thawed);
  reader.text("reason", to.reason);
  if (!reader.ok()) return base::fail(reader.error());
  return {};
}

Json line_json(const WriterLine& line) {
  return {{"name", line.name},         {"level", line.level},
          {"required", line.required}, {"plain", line.plain},
          {"expected", line.expected}, {"present", line.present},
          {"busy", line.busy},         {"timeout_us", microseconds(line.timeout)}};
}

base::Result<WriterLine> read_line(const Json& json) {
  WriterLine line;
  ObjectReader reader(json, "writer");
  reader.text("name", line.name);
  reader.number("level", line.level);
  reader.flag("required", line.required);
  reader.flag("plain", line.plain);
  reader.flag("expected", line.expected);
  reader.flag("present", line.present);
  reader.flag("busy", line.busy);
  reader.duration("timeout_us", line.timeout);
  if (!reader.ok()) return base::fail(reader.error());
  return line;
}

}  // namespace

std::string to_json(const StatusDocument& status) {
  Json json = new_document(kStatusSchema);
  json["program_version"] = status.version;
  json["ready"] = status.not_ready.empty();
  json["not_ready"] = status.not_ready;
  json["left_frozen"] = id_text(status.left_frozen);
  json["standing_veto"] = status.standing_veto;
  json["phase"] = to_text(status.phase);
  json["transaction"] = id_text(status.transaction);
  json["requester"] = status.requester;
  json["hold_left_us"] = microseconds(status.hold_left);
  json["freezer"] = freezer_json(status.freezer);
  json["writers"] = status.writers;
  json["expected_absent"] = status.expected_absent;
  json["last"] = status.last ? summary_json(*status.last) : Json(nullptr);
  json["heap_bytes"] = status.heap_bytes;
  json["record_bytes"] = status.record_bytes;
  json["hosts"] = status.hosts;
  json["nodes"] = status.nodes;
  json["warnings"] = status.warnings;
  return dump(json);
}

base::Result<StatusDocument> status_from_json(std::string_view text) {
  const auto json = parse_document(text, kStatusSchema);
  if (!json) return std::unexpected(json.error());
  StatusDocument status;
  ObjectReader reader(*json, "status");
  reader.text("program_version", status.version);
  reader.text("not_ready", status.not_ready);
  reader.id("left_frozen", status.left_frozen);
  reader.text("standing_veto", status.standing_veto);
  reader.word("phase", status.phase, coordinator::kPhases);
  reader.id("transaction", status.transaction);
  reader.text("requester", status.requester);
  reader.offset("hold_left_us", status.hold_left);
  reader.number("writers", status.writers);
  reader.texts("expected_absent", status.expected_absent);
  reader.number("heap_bytes", status.heap_bytes);
  reader.number("record_bytes", status.record_bytes);
  reader.texts("hosts", status.hosts);
  reader.text("nodes", status.nodes);
  reader.texts("warnings", status.warnings);
  if (const Json* freezer = reader.member("freezer")) {
    if (auto read = read_freezer(*freezer, status.freezer); !read) {
      return std::unexpected(read.error());
    }
  }
  if (const Json* last = reader.member("last"); last != nullptr && !last->is_null()) {
    auto summary = read_summary(*last);
    if (!summary) return std::unexpected(summary.error());
    status.last = std::move(*summary);
  }
  if (!reader.ok()) return base::fail(reader.error());
  return status;
}

std::string to_json(const WritersDocument& writers) {
  return dump_with_list(new_document(kWritersSchema), "writers", writers.writers, line_json);
}

base::Result<WritersDocument> writers_from_json(std::string_view text) {
  const auto json = parse_document(text, kWritersSchema);
  if (!json) return std::unexpected(json.error());
  WritersDocument writers;
  ObjectReader reader(*json, "document");
  reader.list("writers", writers.writers, read_line);
  if (!reader.ok()) return base::fail(reader.error());
  return writers;
}

std::string to_json(const PlanDocument& plan) {
  Json json = new_document(kPlanSchema);
  json["success"] = plan.success;
  json["reason"] = plan.reason;
  json["to_freeze"] = plan.summary.to_freeze;
  json["synced"] = plan.summary.synced;
  json["excluded"] = plan.summary.excluded;
  json["lower_grade"] = plan.summary.lower_grade;
  json["mounts"] = Json::array();
  for (const auto& mount : plan.mounts)
    json["mounts"].push_back(filesystem_json(mount));
  return dump(json);
}

}  // namespace vss::records
