#include "devices/session.hpp"

#include "base/assert.hpp"
#include "devices/translate.hpp"

namespace vss::devices {

using coordinator::Event;
using coordinator::Name;
using coordinator::Reason;
using wire::FrameKind;

namespace {

bool is_device_frame(FrameKind kind) {
  return kind == FrameKind::kRead || kind == FrameKind::kWrite || kind == FrameKind::kReady;
}

}  // namespace

SessionLimits default_limits(Kind kind) {
  if (kind == Kind::kApplication) return {.outgoing_bytes = 1024, .frames_per_second = 1000};
  // The freezer gets whole requests and sends one frame for each line of a mount table.
  return {.outgoing_bytes = 4 * wire::kFrameBytesMax, .frames_per_second = 4 * base::kMountsMax};
}

Session::Session(Kind kind, std::uint64_t connection, std::int64_t process_id)
    : Session(kind, connection, process_id, default_limits(kind)) {}

Session::Session(Kind kind, std::uint64_t connection, std::int64_t process_id, SessionLimits limits)
    : kind_(kind),
      connection_(connection),
      process_id_(process_id),
      outgoing_(limits.outgoing_bytes),
      frames_per_second_(limits.frames_per_second) {}

Input Session::receive(coordinator::Instant now, std::span<const std::byte> packet) {
  if (closing_ || state_ == State::kOver) return {};
  if (!admit(now)) return {};
  const auto frame = wire::decode_frame(packet);
  if (!frame) {
    close(Reason{"it sent a malformed frame: "}.append(wire::to_text(frame.error())));
    return {};
  }
  switch (state_) {
    case State::kNew: return receive_new(*frame);
    case State::kPlain: return receive_device_frame(*frame);
    case State::kRegistered: return receive_registered(*frame);
    case State::kJoiningPlain:
    case State::kJoiningRegistered:
    case State::kOver: break;
  }
  VSS_ASSERT(false && "a join is answered in the step that it causes");
  return {};
}

bool Session::admit(coordinator::Instant now) {
  if (within_rate(now)) return true;
  close("it asked more in a second than any program of ours does");
  return false;
}

Input Session::receive_new(const wire::FrameView& frame) {
  if (frame.kind == FrameKind::kRegister) return receive_registration(frame);
  if (!is_device_frame(frame.kind)) {
    close("its first frame was neither REGISTER nor one of the device interface");
    return {};
  }
  // The frame itself is answered once the coordinator has accepted the client.
  if (frame.kind == FrameKind::kRead) {
    join_frame_ = JoinFrame::kRead;
  } else {
    join_frame_ = frame.kind == FrameKind::kWrite ? JoinFrame::kWrite : JoinFrame::kReady;
  }
  join_tag_ = frame.tag;
  return {.event = open_device(), .news = {}};
}

Event Session::open_device() {
  VSS_ASSERT(state_ == State::kNew);
  state_ = State::kJoiningPlain;
  if (kind_ == Kind::kFilesystem) {
    return coordinator::FreezerJoined{.connection = connection_, .plain = true, .standing = {}};
  }
  coordinator::WriterJoined joined;
  joined.connection = connection_;
  joined.plain = true;
  joined.name = Name{"plain:"}.append_number(process_id_);
  return joined;
}

Input Session::receive_registration(const wire::FrameView& frame) {
  const auto registration = wire::decode_registration(frame);
  join_tag_ = frame.tag;
  if (!registration) {
    refuse_registration(
        Reason{"malformed registration: "}.append(wire::to_text(registration.error())));
    return {};
  }
  const bool freezer = registration->role == wire::Role::kFreezer;
  if (freezer != (kind_ == Kind::kFilesystem)) {
    refuse_registration(freezer ? "a freezer registers at freezer.sock, not at app.sock"
                                : "a writer registers at app.sock, not at freezer.sock");
    return {};
  }
  state_ = State::kJoiningRegistered;
  if (freezer) {
    coordinator::FreezerJoined joined{.connection = connection_, .plain = false, .standing = {}};
    if (registration->freezer_status) joined.standing = from_wire(*registration->freezer_status);
    return {.event = joined, .news = {}};
  }
  return {.event = coordinator::WriterJoined{.connection = connection_,
                                             .plain = false,
                                             .name = registration->name,
                                             .level = registration->level,
                                             .criticality = from_wire(registration->criticality),
                                             .timeout = registration->timeout},
          .news = {}};
}

Input Session::receive_device_frame(const wire::FrameView& frame) {
  switch (frame.kind) {
    case FrameKind::kRead: answer_read(frame.tag); return {};
    case FrameKind::kReady:
      ready_tag_ = frame.tag;
      answer_ready_if_readable();
      return {};
    case FrameKind::kWrite: {
      send(wire::FrameWriter(FrameKind::kWriteReply, frame.tag));
      return {.event = write_device(frame.message), .news = {}};
    }
    case FrameKind::kRegister:
      join_tag_ = frame.tag;
      refuse_registration("REGISTER must be a connection's first frame");
      return {};
    default: close("it sent a frame that is none of the device interface"); return {};
  }
}

std::optional<Event> Session::write_device(const wire::DeviceMessage& answer) {
  const DeviceQueue::Written written = device_.write(answer);
  return coordinator::Answered{.id = participant_,
                               .message_id = written.message_id,
                               .operation_raw = written.operation_raw,
                               .success = written.success,
                               .reason = {},
                               .filesystems = {}};
}

Input Session::receive_registered(const wire::FrameView& frame) {
  const bool freezer = kind_ == Kind::kFilesystem;
  switch (frame.kind) {
    case FrameKind::kReply: return receive_reply(frame);
    case FrameKind::kMoreTime:
      if (const auto more = wire::decode_more_time(frame)) {
        return {.event = coordinator::MoreTimeAsked{.id = participant_,
                                                    .message_id = more->message_id,
                                                    .duration = more->duration},
                .news = {}};
      }
      break;
    case FrameKind::kFreezerStatus:
      if (!freezer) break;
      if (const auto status = wire::decode_freezer_status(frame)) {
        return {
            .event = coordinator::FreezerStatus{.id = participant_, .standing = from_wire(*status)},
            .news = {}};
      }
      break;
    case FrameKind::kDetail:
    case FrameKind::kPlanEnd:
      if (freezer) return {.event = {}, .news = frame};
      break;
    default: break;
  }
  close("it sent a frame that a registered participant may not send, or one with bad fields");
  return {};
}

Input Session::receive_reply(const wire::FrameView& frame) {
  const auto reply = wire::decode_reply(frame);
  if (!reply) {
    close(Reason{"it sent a malformed reply: "}.append(wire::to_text(reply.error())));
    return {};
  }
  coordinator::Answered answered{.id = participant_,
                                 .message_id = reply->message_id,
                                 .operation_raw = reply->operation,
                                 .success = reply->status == wire::kStatusSuccess,
                                 .reason = reply->reason,
                                 .filesystems = {},
                                 .freezer_clean = false};
  if (kind_ == Kind::kFilesystem) answered.freezer_clean = reply->clean;
  if (kind_ == Kind::kFilesystem && reply->summary) {
    answered.filesystems = from_wire(*reply->summary);
  } else if (kind_ == Kind::kFilesystem && answered.success) {
    // Taken for zeros it would say that everything, namely nothing, is frozen.
    close("its yes came without the counts of filesystems");
    return {};
  }
  return {.event = answered, .news = {}};
}

void Session::answer_read(std::uint32_t tag) {
  send(wire::FrameWriter(FrameKind::kReadReply, tag, device_.read()));
}

void Session::answer_ready_if_readable() {
  if (!ready_tag_ || !device_.readable()) return;
  send(wire::FrameWriter(FrameKind::kReady, *ready_tag_));
  ready_tag_.reset();
}

}  // namespace vss::devices
