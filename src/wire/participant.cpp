#include "wire/participant.hpp"

#include "wire/fields.hpp"

namespace vss::wire {
namespace {

// Flags of a reply.
constexpr std::uint32_t kReplyClean = 1;

DeviceMessage message_of(const Event& event) {
  return {.operation = static_cast<std::uint32_t>(event.operation), .message_id = event.message_id};
}

void add_event_fields(FrameWriter& frame, const Event& event) {
  frame.add_u64(FieldType::kTransaction, event.transaction.value);
  frame.add_u64(FieldType::kReplyDeadline, wire_value(event.reply_deadline));
  frame.add_u64(FieldType::kHoldDeadline, wire_value(event.hold_deadline));
}

FrameWriter more_time_frame(FrameKind kind, const MoreTime& more) {
  FrameWriter frame(kind, 0, {.message_id = more.message_id});
  frame.add_u64(FieldType::kDuration, wire_value(more.duration));
  return frame;
}

// One field of a registration; a freezer's standing is known by its flags.
bool take_registration_field(const Field& field, Registration& registration,
                             FreezerStatus& status) {
  switch (field.type) {
    case FieldType::kRole: return read_enum(field, Role::kFreezer, registration.role);
    case FieldType::kName: return read_text(field, is_name, registration.name);
    case FieldType::kLevel: return read_level(field, registration.level);
    case FieldType::kCriticality:
      return read_enum(field, Criticality::kOptional, registration.criticality);
    case FieldType::kTimeout: return read_duration(field, registration.timeout);
    case FieldType::kVersion: return read_text(field, is_word, registration.version);
    case FieldType::kFlags: registration.freezer_status.emplace(); break;
    default: break;
  }
  return take_freezer_status_field(field, status) != Taken::kBad;
}

}  // namespace

FrameWriter make_frame(const Registration& registration, std::uint32_t tag) {
  FrameWriter frame(FrameKind::kRegister, tag);
  frame.add_u32(FieldType::kRole, static_cast<std::uint32_t>(registration.role));
  frame.add_text(FieldType::kName, registration.name);
  frame.add_u32(FieldType::kLevel, static_cast<std::uint32_t>(registration.level));
  frame.add_u32(FieldType::kCriticality, static_cast<std::uint32_t>(registration.criticality));
  frame.add_u64(FieldType::kTimeout, wire_value(registration.timeout));
  if (!registration.version.empty()) frame.add_text(FieldType::kVersion, registration.version);
  if (registration.freezer_status) add_freezer_status(frame, *registration.freezer_status);
  return frame;
}

FrameWriter make_frame(const RegistrationReply& reply, std::uint32_t tag) {
  FrameWriter frame(FrameKind::kRegistered, tag, {.status = reply.status});
  frame.add_u64(FieldType::kTimeout, wire_value(reply.timeout));
  if (!reply.reason.empty()) frame.add_text(FieldType::kReason, reply.reason);
  return frame;
}

FrameWriter make_frame(const Event& event) {
  FrameWriter frame(FrameKind::kEvent, 0, message_of(event));
  add_event_fields(frame, event);
  return frame;
}

FrameWriter make_frame(const Event& event, const FilesystemRequest& request) {
  FrameWriter frame(FrameKind::kEvent, 0, message_of(event));
  add_event_fields(frame, event);
  add_filesystem_request(frame, request);
  return frame;
}

FrameWriter make_frame(const Reply& reply) {
  FrameWriter frame(
      FrameKind::kReply, 0,
      {.operation = reply.operation, .status = reply.status, .message_id = reply.message_id});
  if (!reply.reason.empty()) frame.add_text(FieldType::kReason, reply.reason);
  if (reply.summary) add_summary(frame, *reply.summary);
  if (reply.clean) frame.add_u32(FieldType::kFlags, kReplyClean);
  return frame;
}

FrameWriter make_more_time(const MoreTime& more) {
  return more_time_frame(FrameKind::kMoreTime, more);
}

FrameWriter make_more_time_reply(const MoreTime& more) {
  return more_time_frame(FrameKind::kMoreTimeReply, more);
}

FrameWriter make_late(std::uint32_t operation, std::uint64_t message_id) {
  return FrameWriter(FrameKind::kLate, 0, {.operation = operation, .message_id = message_id});
}

std::expected<Registration, FrameError> decode_registration(const FrameView& frame) {
  if (frame.kind != FrameKind::kRegister) return std::unexpected(FrameError::kUnknownKind);
  Registration registration;
  FreezerStatus status;
  FieldReader fields(frame.fields);
  for (Field field; fields.next(field);) {
    if (!take_registration_field(field, registration, status)) {
      return std::unexpected(FrameError::kBadField);
    }
  }
  if (registration.freezer_status) registration.freezer_status = status;
  const bool standing_of_a_writer =
      registration.freezer_status && registration.role != Role::kFreezer;
  if (registration.name.empty() || standing_of_a_writer) {
    return std::unexpected(FrameError::kBadField);
  }
  return registration;
}

std::expected<RegistrationReply, FrameError> decode_registration_reply(const FrameView& frame) {
  if (frame.kind != FrameKind::kRegistered) return std::unexpected(FrameError::kUnknownKind);
  RegistrationReply reply{.status = frame.message.status, .timeout = {}, .reason = {}};
  FieldReader fields(frame.fields);
  for (Field field; fields.next(field);) {
    bool good = true;
    switch (field.type) {
      case FieldType::kTimeout: good = read_duration(field, reply.timeout); break;
      case FieldType::kReason: read_sentence(field, reply.reason); break;
      default: break;
    }
    if (!good) return std::unexpected(FrameError::kBadField);
  }
  return reply;
}

std::expected<Event, FrameError> decode_event(const FrameView& frame) {
  if (frame.kind != FrameKind::kEvent) return std::unexpected(FrameError::kUnknownKind);
  const std::uint32_t operation = frame.message.operation;
  const bool known = operation >= static_cast<std::uint32_t>(Operation::kCheck) &&
                     operation <= static_cast<std::uint32_t>(Operation::kAbort);
  if (!known || frame.message.message_id == 0) return std::unexpected(FrameError::kBadField);
  Event event;
  event.operation = Operation{operation};
  event.message_id = frame.message.message_id;
  FieldReader fields(frame.fields);
  for (Field field; fields.next(field);) {
    bool good = true;
    switch (field.type) {
      case FieldType::kTransaction: read_transaction(field, event.transaction); break;
      case FieldType::kReplyDeadline: good = read_instant(field, event.reply_deadline); break;
      case FieldType::kHoldDeadline: good = read_instant(field, event.hold_deadline); break;
      default: break;
    }
    if (!good) return std::unexpected(FrameError::kBadField);
  }
  return event;
}

std::expected<Reply, FrameError> decode_reply(const FrameView& frame) {
  if (frame.kind != FrameKind::kReply) return std::unexpected(FrameError::kUnknownKind);
  Reply reply{.operation = frame.message.operation,
              .message_id = frame.message.message_id,
              .status = frame.message.status,
              .reason = {},
              .summary = {},
              .clean = false};
  FieldReader fields(frame.fields);
  for (Field field; fields.next(field);) {
    bool good = true;
    switch (field.type) {
      case FieldType::kReason: read_sentence(field, reply.reason); break;
      case FieldType::kSummary: good = read_summary(field, reply.summary.emplace()); break;
      case FieldType::kFlags: reply.clean = (u32_of(field) & kReplyClean) != 0; break;
      default: break;
    }
    if (!good) return std::unexpected(FrameError::kBadField);
  }
  return reply;
}

std::expected<MoreTime, FrameError> decode_more_time(const FrameView& frame) {
  if (frame.kind != FrameKind::kMoreTime && frame.kind != FrameKind::kMoreTimeReply) {
    return std::unexpected(FrameError::kUnknownKind);
  }
  MoreTime more{.message_id = frame.message.message_id};
  FieldReader fields(frame.fields);
  for (Field field; fields.next(field);) {
    if (field.type == FieldType::kDuration && !read_duration(field, more.duration)) {
      return std::unexpected(FrameError::kBadField);
    }
  }
  return more;
}

}  // namespace vss::wire
