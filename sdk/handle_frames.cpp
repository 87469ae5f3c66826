// The other half of a handle: what comes from vssd.
#include <errno.h>
#include <string.h>

#include "channel.hpp"
#include "handle.hpp"

namespace vss::sdk {
namespace {

using Text = base::FixedText<480>;
using wire::FrameKind;

}  // namespace

bool Handle::receive(vss_event& event) {
  while (socket_ && !obligation_.abort_is_due(now(), {})) {
    ReceivedFrame received;
    const int result = receive_frame(socket_.get(), packet_, received);
    if (result == -EAGAIN || result == -EWOULDBLOCK) return false;
    if (result == 0) {
      lose(0, "vssd closed the connection");
      return false;
    }
    if (result < 0) {
      lose(0, Text("the connection to vssd is lost: ").append(::strerror(-result)));
      return false;
    }
    const auto frame = wire::decode_frame(received.bytes);
    if (!frame) {
      const bool version = frame.error() == wire::FrameError::kBadVersion;
      lose(version ? -EPROTONOSUPPORT : -EPROTO,
           Text("what vssd sent ").append(wire::to_text(frame.error())));
      return false;
    }
    if (received.descriptor) thawed_page_.map(received.descriptor);
    const Outcome outcome = handle(*frame, event);
    if (outcome != Outcome::kNothing) return outcome == Outcome::kEvent;
  }
  return false;
}

Handle::Outcome Handle::handle(const wire::FrameView& frame, vss_event& event) {
  switch (frame.kind) {
    case FrameKind::kRegistered: return handle_registered(frame, event);
    case FrameKind::kEvent: return handle_event(frame, event);
    case FrameKind::kMoreTimeReply: return handle_more_time(frame, event);
    case FrameKind::kLate: obligation_.late(frame.message.message_id); return Outcome::kNothing;
    case FrameKind::kThawedPage: return Outcome::kNothing;  // its descriptor has been taken
    default: return malformed("is a frame that no writer is sent");
  }
}

Handle::Outcome Handle::handle_registered(const wire::FrameView& frame, vss_event& event) {
  const auto reply = wire::decode_registration_reply(frame);
  if (!reply) return malformed(wire::to_text(reply.error()));
  if (reply->status != wire::kStatusSuccess) {
    lose(-ECONNREFUSED, Text("vssd refused to register this writer: ").append(reply->reason));
    return Outcome::kLost;
  }
  event.kind = VSS_EVENT_REGISTERED;
  event.reply_deadline = VSS_NO_DEADLINE;
  event.hold_deadline = VSS_NO_DEADLINE;
  event.duration = static_cast<std::uint64_t>(reply->timeout.count());
  return Outcome::kEvent;
}

Handle::Outcome Handle::handle_event(const wire::FrameView& frame, vss_event& event) {
  const auto asked = wire::decode_event(frame);
  if (!asked) return malformed(wire::to_text(asked.error()));
  switch (obligation_.judge(*asked)) {
    case Obligation::Verdict::kSwallow: return answer_ourselves(*asked, true, "");
    case Obligation::Verdict::kRefuse:
      return answer_ourselves(*asked, false, "this writer has rolled the transaction back");
    case Obligation::Verdict::kContradiction:
      return malformed("begins a transaction before the one before it has ended");
    case Obligation::Verdict::kDeliver: break;
  }
  answers_.asked(*asked);
  obligation_.given(*asked);
  set_timer();
  event = {};
  event.kind = static_cast<std::uint32_t>(asked->operation);
  event.id = asked->message_id;
  event.transaction = asked->transaction.value;
  event.reply_deadline = asked->reply_deadline.nanoseconds_since_boot;
  event.hold_deadline = asked->hold_deadline.nanoseconds_since_boot;
  return Outcome::kEvent;
}

Handle::Outcome Handle::handle_more_time(const wire::FrameView& frame, vss_event& event) {
  const auto more = wire::decode_more_time(frame);
  if (!more) return malformed(wire::to_text(more.error()));
  Answers::Asked* asked = answers_.find(more->message_id);
  if (asked == nullptr) return Outcome::kNothing;
  if (more->duration.count() > 0) asked->reply_deadline = now() + more->duration;
  event.kind = VSS_EVENT_MORE_TIME;
  event.transaction = asked->transaction.value;
  event.reply_deadline = asked->reply_deadline.nanoseconds_since_boot;
  event.hold_deadline = asked->hold_deadline.nanoseconds_since_boot;
  event.duration = static_cast<std::uint64_t>(more->duration.count());
  return Outcome::kEvent;
}

Handle::Outcome Handle::answer_ourselves(const wire::Event& event, bool success,
                                         std::string_view reason) {
  wire::Reply reply;
  reply.operation = static_cast<std::uint32_t>(event.operation);
  reply.message_id = event.message_id;
  reply.status = success ? wire::kStatusSuccess : wire::kStatusFail;
  reply.reason = reason;
  return send(wire::make_frame(reply)) ? Outcome::kNothing : Outcome::kLost;
}

Handle::Outcome Handle::malformed(std::string_view what) {
  lose(-EPROTO, Text("what vssd sent ").append(what));
  return Outcome::kLost;
}

}  // namespace vss::sdk
