#include "wire/filesystems.hpp"

#include <cstring>

#include "wire/fields.hpp"

namespace vss::wire {
namespace {

constexpr std::uint32_t kFlagClean = 1;
constexpr std::uint32_t kFlagGuardianAlive = 2;

// The numbers of one kDetail, as they travel.
struct MountState {
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::uint32_t mount_id = 0;
  std::int32_t layer = 0;
  std::uint32_t action = 0;
  std::uint32_t result = 0;
  std::int32_t error = 0;
  std::uint32_t zero = 0;
  std::uint64_t began = 0;
  std::uint64_t freeze_time = 0;
  std::uint64_t thaw_time = 0;
};
static_assert(sizeof(MountState) == 56);

template <typename Struct>
std::span<const std::byte> bytes_of(const Struct& object) {
  static_assert(std::has_unique_object_representations_v<Struct>);
  return std::as_bytes(std::span{&object, 1});
}

void add_mount_state(FrameWriter& frame, const MountDetail& detail) {
  const MountState state{.device_major = detail.device_major,
                         .device_minor = detail.device_minor,
                         .mount_id = detail.mount_id,
                         .layer = detail.layer,
                         .action = static_cast<std::uint32_t>(detail.action),
                         .result = static_cast<std::uint32_t>(detail.result),
                         .error = detail.error,
                         .began = wire_value(detail.began),
                         .freeze_time = wire_value(detail.freeze_time),
                         .thaw_time = wire_value(detail.thaw_time)};
  frame.add_bytes(FieldType::kMountState, bytes_of(state));
}

bool read_mount_state(const Field& field, MountDetail& detail) {
  MountState state;
  std::memcpy(&state, field.value.data(), sizeof state);
  const bool good = state.action <= static_cast<std::uint32_t>(MountAction::kVeto) &&
                    state.result <= static_cast<std::uint32_t>(MountResult::kStuck) &&
                    state.layer >= -1 && state.error >= 0 && state.began <= kInstantMax &&
                    state.freeze_time <= kDurationMax && state.thaw_time <= kDurationMax;
  if (!good) return false;
  detail.device_major = state.device_major;
  detail.device_minor = state.device_minor;
  detail.mount_id = state.mount_id;
  detail.layer = state.layer;
  detail.action = MountAction{state.action};
  detail.result = MountResult{state.result};
  detail.error = state.error;
  detail.began = {static_cast<std::int64_t>(state.began)};
  detail.freeze_time = base::Duration{static_cast<std::int64_t>(state.freeze_time)};
  detail.thaw_time = base::Duration{static_cast<std::int64_t>(state.thaw_time)};
  return true;
}

bool read_flush_report(const Field& field, MountDetail& detail) {
  FlushReport report;
  std::memcpy(&report, field.value.data(), sizeof report);
  if (report.given_up > 1 || report.took > kDurationMax || report.predicted_stall > kDurationMax) {
    return false;
  }
  detail.flush = report;
  return true;
}

bool may_carry_filesystem_request(FrameKind kind) {
  return kind == FrameKind::kPlan || kind == FrameKind::kEvent ||
         kind == FrameKind::kControlRequest;
}

}  // namespace

void add_filesystem_request(FrameWriter& frame, const FilesystemRequest& request) {
  frame.add_u32(FieldType::kSelection, static_cast<std::uint32_t>(request.selection));
  frame.add_u32(FieldType::kUnfreezablePolicy, static_cast<std::uint32_t>(request.unfreezable));
  frame.add_u32(FieldType::kRequire, static_cast<std::uint32_t>(request.require));
  frame.add_u32(FieldType::kPreSync, static_cast<std::uint32_t>(request.pre_sync));
  frame.add_u64(FieldType::kStallBudget, wire_value(request.stall_budget));
  for (const auto& path : request.paths)
    frame.add_text(FieldType::kPath, path);
  for (const auto& pattern : request.exclude)
    frame.add_text(FieldType::kExcludePattern, pattern);
}

Taken take_filesystem_field(const Field& field, FilesystemRequest& request) {
  const auto taken = [](bool good) { return good ? Taken::kGood : Taken::kBad; };
  switch (field.type) {
    case FieldType::kSelection:
      return taken(read_enum(field, Selection::kPaths, request.selection));
    case FieldType::kUnfreezablePolicy:
      return taken(read_enum(field, UnfreezablePolicy::kFail, request.unfreezable));
    case FieldType::kRequire: return taken(read_enum(field, Grade::kApplication, request.require));
    case FieldType::kPreSync: return taken(read_enum(field, PreSync::kAlways, request.pre_sync));
    case FieldType::kStallBudget: return taken(read_duration(field, request.stall_budget));
    case FieldType::kPath: {
      Path path;
      return taken(read_text(field, is_path, path) && request.paths.push_back(path));
    }
    case FieldType::kExcludePattern: {
      base::FixedText<256> pattern;
      return taken(read_text(field, is_pattern, pattern) && request.exclude.push_back(pattern));
    }
    default: return Taken::kNotMine;
  }
}

bool is_coherent(const FilesystemRequest& request) {
  return (request.selection == Selection::kPaths) == !request.paths.empty();
}

void add_freezer_status(FrameWriter& frame, const FreezerStatus& status) {
  const std::uint32_t flags =
      (status.clean ? kFlagClean : 0) | (status.guardian_alive ? kFlagGuardianAlive : 0);
  frame.add_u32(FieldType::kFlags, flags);
  frame.add_u64(FieldType::kLastThawed, status.last_thawed.value);
  frame.add_u64(FieldType::kTransaction, status.transaction.value);
  if (!status.reason.empty()) frame.add_text(FieldType::kReason, status.reason);
}

Taken take_freezer_status_field(const Field& field, FreezerStatus& status) {
  switch (field.type) {
    case FieldType::kFlags: {
      const std::uint32_t flags = u32_of(field);
      status.clean = (flags & kFlagClean) != 0;
      status.guardian_alive = (flags & kFlagGuardianAlive) != 0;
      return Taken::kGood;
    }
    case FieldType::kLastThawed: read_transaction(field, status.last_thawed); return Taken::kGood;
    case FieldType::kTransaction: read_transaction(field, status.transaction); return Taken::kGood;
    case FieldType::kReason: read_sentence(field, status.reason); return Taken::kGood;
    default: return Taken::kNotMine;
  }
}

void add_summary(FrameWriter& frame, const FilesystemSummary& summary) {
  frame.add_bytes(FieldType::kSummary, bytes_of(summary));
}

bool read_summary(const Field& field, FilesystemSummary& summary) {
  std::memcpy(&summary, field.value.data(), sizeof summary);
  return summary.plan_changed <= 1;
}

FrameWriter make_plan_request(const FilesystemRequest& request, std::uint32_t tag) {
  FrameWriter frame(FrameKind::kPlan, tag);
  add_filesystem_request(frame, request);
  return frame;
}

FrameWriter make_plan_end(const FilesystemSummary& summary, std::uint32_t tag, std::uint32_t status,
                          std::string_view reason) {
  FrameWriter frame(FrameKind::kPlanEnd, tag, {.status = status});
  add_summary(frame, summary);
  if (!reason.empty()) frame.add_text(FieldType::kReason, reason);
  return frame;
}

FrameWriter make_frame(const MountDetail& detail, std::uint32_t tag) {
  FrameWriter frame(FrameKind::kDetail, tag);
  frame.add_u64(FieldType::kTransaction, detail.transaction.value);
  add_mount_state(frame, detail);
  if (detail.flush) frame.add_bytes(FieldType::kFlushReport, bytes_of(*detail.flush));
  frame.add_text(FieldType::kMountPoint, detail.mount_point);
  frame.add_text(FieldType::kFilesystemType, detail.filesystem_type);
  frame.add_text(FieldType::kSource, detail.source);
  if (!detail.reason.empty()) frame.add_text(FieldType::kReason, detail.reason);
  return frame;
}

FrameWriter make_frame(const FreezerStatus& status) {
  FrameWriter frame(FrameKind::kFreezerStatus, 0);
  add_freezer_status(frame, status);
  return frame;
}

std::expected<FilesystemRequest, FrameError> decode_filesystem_request(const FrameView& frame) {
  if (!may_carry_filesystem_request(frame.kind)) return std::unexpected(FrameError::kUnknownKind);
  std::expected<FilesystemRequest, FrameError> request;
  FieldReader fields(frame.fields);
  for (Field field; fields.next(field);) {
    if (take_filesystem_field(field, *request) == Taken::kBad) {
      request = std::unexpected(FrameError::kBadField);
      return request;
    }
  }
  if (!is_coherent(*request)) request = std::unexpected(FrameError::kBadField);
  return request;
}

std::expected<PlanEnd, FrameError> decode_plan_end(const FrameView& frame) {
  if (frame.kind != FrameKind::kPlanEnd) return std::unexpected(FrameError::kUnknownKind);
  PlanEnd end{.status = frame.message.status, .summary = {}, .reason = {}};
  FieldReader fields(frame.fields);
  for (Field field; fields.next(field);) {
    bool good = true;
    switch (field.type) {
      case FieldType::kSummary: good = read_summary(field, end.summary); break;
      case FieldType::kReason: read_sentence(field, end.reason); break;
      default: break;
    }
    if (!good) return std::unexpected(FrameError::kBadField);
  }
  return end;
}

std::expected<MountDetail, FrameError> decode_mount_detail(const FrameView& frame) {
  if (frame.kind != FrameKind::kDetail) return std::unexpected(FrameError::kUnknownKind);
  MountDetail detail;
  FieldReader fields(frame.fields);
  for (Field field; fields.next(field);) {
    bool good = true;
    switch (field.type) {
      case FieldType::kTransaction: read_transaction(field, detail.transaction); break;
      case FieldType::kMountState: good = read_mount_state(field, detail); break;
      case FieldType::kFlushReport: good = read_flush_report(field, detail); break;
      case FieldType::kMountPoint: good = read_text(field, is_path, detail.mount_point); break;
      case FieldType::kFilesystemType:
        good = read_text(field, is_word, detail.filesystem_type);
        break;
      case FieldType::kSource: good = read_text(field, is_source, detail.source); break;
      case FieldType::kReason: read_sentence(field, detail.reason); break;
      default: break;
    }
    if (!good) return std::unexpected(FrameError::kBadField);
  }
  if (detail.mount_point.empty()) return std::unexpected(FrameError::kBadField);
  return detail;
}

std::expected<FreezerStatus, FrameError> decode_freezer_status(const FrameView& frame) {
  if (frame.kind != FrameKind::kFreezerStatus) return std::unexpected(FrameError::kUnknownKind);
  FreezerStatus status;
  FieldReader fields(frame.fields);
  for (Field field; fields.next(field);)
    take_freezer_status_field(field, status);
  return status;
}

}  // namespace vss::wire
