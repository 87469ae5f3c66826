#include "wire/control.hpp"

#include "wire/fields.hpp"

namespace vss::wire {
namespace {

constexpr std::uint32_t kFlagRequireGiven = 1;
constexpr std::uint32_t kFlagAllThawed = 2;

bool read_command(const Field& field, ControlCommand& command) {
  command = ControlCommand{u32_of(field)};
  switch (command) {
    case ControlCommand::kStatus:
    case ControlCommand::kWriters:
    case ControlCommand::kPlan:
    case ControlCommand::kHistory:
    case ControlCommand::kExplain:
    case ControlCommand::kSnapshot:
    case ControlCommand::kHold:
    case ControlCommand::kRelease:
    case ControlCommand::kThaw:
    case ControlCommand::kAbort:
    case ControlCommand::kCheck: return true;
  }
  return false;
}

bool take_request_field(const Field& field, ControlRequest& request) {
  switch (field.type) {
    case FieldType::kCommand: return read_command(field, request.command);
    case FieldType::kTransaction: read_transaction(field, request.transaction); return true;
    case FieldType::kFlags:
      request.require_given = (u32_of(field) & kFlagRequireGiven) != 0;
      request.all_thawed = (u32_of(field) & kFlagAllThawed) != 0;
      return true;
    case FieldType::kHoldBudget: return read_duration(field, request.hold_budget);
    case FieldType::kNote: read_sentence(field, request.note); return true;
    default: return take_filesystem_field(field, request.filesystems) != Taken::kBad;
  }
}

void add_reply_fields(FrameWriter& frame, const ControlReply& reply) {
  frame.add_u64(FieldType::kTransaction, reply.transaction.value);
  frame.add_u64(FieldType::kHoldDeadline, wire_value(reply.hold_deadline));
  frame.add_u32(FieldType::kGrade, static_cast<std::uint32_t>(reply.grade));
  if (!reply.reason.empty()) frame.add_text(FieldType::kReason, reply.reason);
}

bool take_reply_field(const Field& field, ControlReply& reply) {
  switch (field.type) {
    case FieldType::kTransaction: read_transaction(field, reply.transaction); return true;
    case FieldType::kHoldDeadline: return read_instant(field, reply.hold_deadline);
    case FieldType::kGrade: return read_enum(field, Grade::kApplication, reply.grade);
    case FieldType::kReason: read_sentence(field, reply.reason); return true;
    default: return true;
  }
}

}  // namespace

FrameWriter make_frame(const ControlRequest& request, std::uint32_t tag) {
  FrameWriter frame(FrameKind::kControlRequest, tag);
  frame.add_u32(FieldType::kCommand, static_cast<std::uint32_t>(request.command));
  frame.add_u64(FieldType::kTransaction, request.transaction.value);
  frame.add_u32(FieldType::kFlags, (request.require_given ? kFlagRequireGiven : 0) |
                                       (request.all_thawed ? kFlagAllThawed : 0));
  frame.add_u64(FieldType::kHoldBudget, wire_value(request.hold_budget));
  if (!request.note.empty()) frame.add_text(FieldType::kNote, request.note);
  add_filesystem_request(frame, request.filesystems);
  return frame;
}

FrameWriter make_frame(const ControlReply& reply, std::uint32_t tag) {
  FrameWriter frame(FrameKind::kControlReply, tag, {.status = reply.status});
  add_reply_fields(frame, reply);
  return frame;
}

FrameWriter make_frame(const ControlNotice& notice) {
  FrameWriter frame(FrameKind::kControlNotice, 0, {.status = notice.outcome.status});
  frame.add_u32(FieldType::kNoticeKind, static_cast<std::uint32_t>(notice.kind));
  add_reply_fields(frame, notice.outcome);
  return frame;
}

FrameWriter make_control_data(std::string_view piece, std::uint32_t tag) {
  FrameWriter frame(FrameKind::kControlData, tag);
  frame.add_text(FieldType::kJson, piece);
  return frame;
}

std::expected<ControlRequest, FrameError> decode_control_request(const FrameView& frame) {
  if (frame.kind != FrameKind::kControlRequest) return std::unexpected(FrameError::kUnknownKind);
  std::expected<ControlRequest, FrameError> request;
  FieldReader fields(frame.fields);
  bool good = true;
  for (Field field; good && fields.next(field);)
    good = take_request_field(field, *request);
  const bool asked = request->command != ControlCommand{};
  if (!good || !asked || !is_coherent(request->filesystems)) {
    request = std::unexpected(FrameError::kBadField);
  }
  return request;
}

std::expected<ControlReply, FrameError> decode_control_reply(const FrameView& frame) {
  if (frame.kind != FrameKind::kControlReply) return std::unexpected(FrameError::kUnknownKind);
  ControlReply reply{.status = frame.message.status, .transaction = {}, .reason = {}};
  FieldReader fields(frame.fields);
  for (Field field; fields.next(field);) {
    if (!take_reply_field(field, reply)) return std::unexpected(FrameError::kBadField);
  }
  return reply;
}

std::expected<ControlNotice, FrameError> decode_control_notice(const FrameView& frame) {
  if (frame.kind != FrameKind::kControlNotice) return std::unexpected(FrameError::kUnknownKind);
  ControlNotice notice;
  notice.outcome.status = frame.message.status;
  FieldReader fields(frame.fields);
  for (Field field; fields.next(field);) {
    const bool good = field.type == FieldType::kNoticeKind
                          ? read_enum(field, NoticeKind::kEnded, notice.kind)
                          : take_reply_field(field, notice.outcome);
    if (!good) return std::unexpected(FrameError::kBadField);
  }
  return notice;
}

std::expected<std::string_view, FrameError> decode_control_data(const FrameView& frame) {
  if (frame.kind != FrameKind::kControlData) return std::unexpected(FrameError::kUnknownKind);
  FieldReader fields(frame.fields);
  for (Field field; fields.next(field);) {
    if (field.type == FieldType::kJson) return field.text();
  }
  return std::unexpected(FrameError::kBadField);
}

}  // namespace vss::wire
