#include "records/json.hpp"

#include "records/json_object.hpp"
#include "records/json_parts.hpp"
#include "records/words.hpp"

namespace vss::records {
namespace {

constexpr std::string_view kRecordSchema = "openvss.record";
constexpr std::string_view kHistorySchema = "openvss.history";

Json counts_json(const coordinator::FilesystemCounts& counts) {
  return {{"to_freeze", counts.to_freeze},
          {"frozen", counts.frozen},
          {"synced", counts.synced},
          {"excluded", counts.excluded},
          {"lower_grade", counts.lower_grade},
          {"in_flight", counts.in_flight},
          {"thawed_by_others", counts.thawed_by_others},
          {"thawed_by_guardian", counts.thawed_by_guardian},
          {"owner_unknown", counts.owner_unknown},
          {"plan_changed", counts.plan_changed}};
}

base::Status read_counts(const Json& json, coordinator::FilesystemCounts& to) {
  ObjectReader reader(json, "counts");
  reader.number("to_freeze", to.to_freeze);
  reader.number("frozen", to.frozen);
  reader.number("synced", to.synced);
  reader.number("excluded", to.excluded);
  reader.number("lower_grade", to.lower_grade);
  reader.number("in_flight", to.in_flight);
  reader.number("thawed_by_others", to.thawed_by_others);
  reader.number("thawed_by_guardian", to.thawed_by_guardian);
  reader.number("owner_unknown", to.owner_unknown);
  reader.flag("plan_changed", to.plan_changed);
  if (!reader.ok()) return base::fail(reader.error());
  return {};
}

Json flush_json(const std::optional<FlushPart>& flush) {
  if (!flush) return nullptr;
  return {{"rounds", flush->rounds},
          {"given_up", flush->given_up},
          {"dirty_bytes", flush->dirty},
          {"written_bytes", flush->written},
          {"left_bytes", flush->left},
          {"bytes_per_second", flush->rate},
          {"length_us", microseconds(flush->length)},
          {"predicted_stall_us", microseconds(flush->predicted_stall)},
          {"measured_stall_us", microseconds(flush->measured_stall)}};
}

base::Status read_flush(const Json& json, std::optional<FlushPart>& to) {
  if (json.is_null()) return {};
  FlushPart part;
  ObjectReader reader(json, "flush");
  reader.number("rounds", part.rounds);
  reader.flag("given_up", part.given_up);
  reader.number("dirty_bytes", part.dirty);
  reader.number("written_bytes", part.written);
  reader.number("left_bytes", part.left);
  reader.number("bytes_per_second", part.rate);
  reader.duration("length_us", part.length);
  reader.duration("predicted_stall_us", part.predicted_stall);
  reader.offset("measured_stall_us", part.measured_stall);
  if (!reader.ok()) return base::fail(reader.error());
  to = part;
  return {};
}

Json phase_json(const PhasePart& phase) {
  return {{"phase", to_text(phase.phase)},
          {"began_us", microseconds(phase.began)},
          {"length_us", microseconds(phase.length)}};
}

base::Result<PhasePart> read_phase(const Json& json) {
  PhasePart phase;
  ObjectReader reader(json, "phase");
  reader.word("phase", phase.phase, coordinator::kPhases);
  reader.duration("began_us", phase.began);
  reader.duration("length_us", phase.length);
  if (!reader.ok()) return base::fail(reader.error());
  return phase;
}

Json host_json(const HostPart& part) {
  return {{"request", part.request},
          {"began_us", microseconds(part.began)},
          {"length_us", microseconds(part.length)},
          {"success", part.success}};
}

base::Result<HostPart> read_host(const Json& json) {
  HostPart part;
  ObjectReader reader(json, "host");
  reader.text("request", part.request);
  reader.duration("began_us", part.began);
  reader.duration("length_us", part.length);
  reader.flag("success", part.success);
  if (!reader.ok()) return base::fail(reader.error());
  return part;
}

Json writer_json(const WriterPart& writer) {
  return {{"name", writer.name},
          {"level", writer.level},
          {"plain", writer.plain},
          {"required", writer.required},
          {"fate", to_text(writer.fate)},
          {"told_thaw", writer.told_thaw},
          {"told_abort", writer.told_abort},
          {"prepare_us", microseconds(writer.prepare)},
          {"freeze_us", microseconds(writer.freeze)},
          {"thaw_us", microseconds(writer.thaw)},
          {"reason", writer.reason}};
}

base::Result<WriterPart> read_writer(const Json& json) {
  WriterPart writer;
  ObjectReader reader(json, "writer");
  reader.text("name", writer.name);
  reader.number("level", writer.level);
  reader.flag("plain", writer.plain);
  reader.flag("required", writer.required);
  reader.word("fate", writer.fate, kWriterFates);
  reader.flag("told_thaw", writer.told_thaw);
  reader.flag("told_abort", writer.told_abort);
  reader.duration("prepare_us", writer.prepare);
  reader.duration("freeze_us", writer.freeze);
  reader.duration("thaw_us", writer.thaw);
  reader.text("reason", writer.reason);
  if (!reader.ok()) return base::fail(reader.error());
  return writer;
}

template <typename T, typename ToJson>
Json list_json(const std::vector<T>& list, ToJson to_json_of) {
  Json json = Json::array();
  for (const T& item : list)
    json.push_back(to_json_of(item));
  return json;
}

void read_times(ObjectReader& reader, TransactionRecord& record) {
  reader.number("began_unix", record.began_wall);
  reader.offset("answered_us", record.answered);
  reader.offset("hold_began_us", record.hold_began);
  reader.offset("hold_deadline_us", record.hold_deadline);
  reader.offset("thaw_asked_us", record.thaw_asked);
  reader.offset("ended_us", record.ended);
}

}  // namespace

Json filesystem_json(const FilesystemPart& part) {
  return {{"mount_point", part.mount_point},
          {"type", part.type},
          {"source", part.source},
          {"device", part.device},
          {"layer", part.layer},
          {"action", to_text(part.action)},
          {"result", to_text(part.result)},
          {"errno", part.error},
          {"began_us", microseconds(part.began)},
          {"freeze_us", microseconds(part.freeze_time)},
          {"thaw_us", microseconds(part.thaw_time)},
          {"reason", part.reason}};
}

base::Result<FilesystemPart> read_filesystem(const Json& json) {
  FilesystemPart part;
  ObjectReader reader(json, "filesystem");
  reader.text("mount_point", part.mount_point);
  reader.text("type", part.type);
  reader.text("source", part.source);
  reader.text("device", part.device);
  reader.number("layer", part.layer);
  reader.word("action", part.action, kMountActions);
  reader.word("result", part.result, kMountResults);
  reader.number("errno", part.error);
  reader.offset("began_us", part.began);
  reader.duration("freeze_us", part.freeze_time);
  reader.duration("thaw_us", part.thaw_time);
  reader.text("reason", part.reason);
  if (!reader.ok()) return base::fail(reader.error());
  return part;
}

Json summary_json(const RecordSummary& summary) {
  return {{"id", id_text(summary.id)},
          {"began_unix", summary.began_wall},
          {"check_only", summary.check_only},
          {"requester", summary.requester},
          {"result", to_text(summary.result)},
          {"grade", to_text(summary.grade)},
          {"length_us", microseconds(summary.length)},
          {"hold_us", microseconds(summary.hold)},
          {"sentence", summary.sentence}};
}

base::Result<RecordSummary> read_summary(const Json& json) {
  RecordSummary summary;
  ObjectReader reader(json, "transaction");
  reader.id("id", summary.id);
  reader.number("began_unix", summary.began_wall);
  reader.flag("check_only", summary.check_only);
  reader.text("requester", summary.requester);
  reader.word("result", summary.result, kResults);
  reader.word("grade", summary.grade, kGrades);
  reader.duration("length_us", summary.length);
  reader.duration("hold_us", summary.hold);
  reader.text("sentence", summary.sentence);
  if (!reader.ok()) return base::fail(reader.error());
  return summary;
}

namespace {

Json all_but_writers(const TransactionRecord& record) {
  Json json = new_document(kRecordSchema);
  json["id"] = id_text(record.id);
  json["began_unix"] = record.began_wall;
  json["check_only"] = record.check_only;
  json["requester_kind"] = to_text(record.requester_kind);
  json["requester"] = record.requester;
  json["note"] = record.note;
  json["selection"] = to_text(record.selection);
  json["paths"] = record.paths;
  json["require"] = to_text(record.require);
  json["grade"] = to_text(record.grade);
  json["result"] = to_text(record.result);
  json["sentence"] = record.sentence;
  json["answered_us"] = microseconds(record.answered);
  json["hold_began_us"] = microseconds(record.hold_began);
  json["hold_deadline_us"] = microseconds(record.hold_deadline);
  json["thaw_asked_us"] = microseconds(record.thaw_asked);
  json["ended_us"] = microseconds(record.ended);
  json["released_without_freezer"] = record.released_without_freezer;
  json["automatic_thaw"] = record.automatic_thaw;
  json["freezer_plain"] = record.freezer_plain;
  json["late_answers"] = record.late_answers;
  json["counts"] = counts_json(record.counts);
  json["flush"] = flush_json(record.flush);
  json["host"] = list_json(record.host, host_json);
  json["phases"] = list_json(record.phases, phase_json);
  json["filesystems"] = list_json(record.filesystems, filesystem_json);
  json["warnings"] = record.warnings;
  return json;
}

}  // namespace

Json record_json(const TransactionRecord& record) {
  Json json = all_but_writers(record);
  json["writers"] = list_json(record.writers, writer_json);
  return json;
}

std::string to_json(const TransactionRecord& record) {
  return dump_with_list(all_but_writers(record), "writers", record.writers, writer_json);
}

base::Result<TransactionRecord> record_from_json(std::string_view text) {
  const auto json = parse_document(text, kRecordSchema);
  if (!json) return std::unexpected(json.error());
  TransactionRecord record;
  ObjectReader reader(*json, "record");
  reader.id("id", record.id);
  reader.flag("check_only", record.check_only);
  reader.word("requester_kind", record.requester_kind, coordinator::kRequesterKinds);
  reader.text("requester", record.requester);
  reader.text("note", record.note);
  reader.word("selection", record.selection, kSelections);
  reader.texts("paths", record.paths);
  reader.word("require", record.require, kGrades);
  reader.word("grade", record.grade, kGrades);
  reader.word("result", record.result, kResults);
  reader.text("sentence", record.sentence);
  read_times(reader, record);
  reader.flag("released_without_freezer", record.released_without_freezer);
  reader.flag("automatic_thaw", record.automatic_thaw);
  reader.flag("freezer_plain", record.freezer_plain);
  reader.number("late_answers", record.late_answers);
  if (json->contains("host")) reader.list("host", record.host, read_host);  // not in old records
  reader.list("phases", record.phases, read_phase);
  reader.list("writers", record.writers, read_writer);
  reader.list("filesystems", record.filesystems, read_filesystem);
  reader.texts("warnings", record.warnings);
  if (const Json* counts = reader.member("counts")) {
    if (auto status = read_counts(*counts, record.counts); !status) {
      return std::unexpected(status.error());
    }
  }
  if (json->contains("flush")) {  // not in old records
    if (auto status = read_flush((*json)["flush"], record.flush); !status) {
      return std::unexpected(status.error());
    }
  }
  if (!reader.ok()) return base::fail(reader.error());
  if (!record.id.valid()) return base::fail("record.id is missing");
  return record;
}

std::string to_json(std::span<const RecordSummary> history) {
  Json json = new_document(kHistorySchema);
  json["transactions"] = Json::array();
  for (const auto& summary : history)
    json["transactions"].push_back(summary_json(summary));
  return dump(json);
}

base::Result<std::vector<RecordSummary>> history_from_json(std::string_view text) {
  const auto json = parse_document(text, kHistorySchema);
  if (!json) return std::unexpected(json.error());
  std::vector<RecordSummary> history;
  ObjectReader reader(*json, "history");
  reader.list("transactions", history, read_summary);
  if (!reader.ok()) return base::fail(reader.error());
  return history;
}

}  // namespace vss::records
