// The other half of a session: what the coordinator asked for, as frames or on the device's queues.
#include "base/assert.hpp"
#include "devices/session.hpp"
#include "devices/translate.hpp"

namespace vss::devices {

using wire::FrameKind;

void Session::perform(const coordinator::AcceptParticipant& accept, bool thawed_page) {
  participant_ = accept.id;
  if (state_ == State::kJoiningPlain) {
    state_ = State::kPlain;
    answer_first_device_frame();
    return;
  }
  VSS_ASSERT(state_ == State::kJoiningRegistered);
  state_ = State::kRegistered;
  send(wire::make_frame(
           wire::RegistrationReply{
               .status = wire::kStatusSuccess, .timeout = accept.timeout, .reason = {}},
           join_tag_),
       thawed_page && kind_ == Kind::kApplication);
}

void Session::perform(const coordinator::RefuseParticipant& refuse) {
  if (state_ == State::kJoiningRegistered) {
    refuse_registration(refuse.reason);
  } else {
    close(refuse.reason);
  }
  state_ = State::kOver;
}

void Session::perform(const coordinator::Tell& tell, const wire::FilesystemRequest* request) {
  const wire::Operation operation = to_wire(tell.operation);
  if (state_ == State::kPlain) {
    // A program written for FreeBSD knows neither; the coordinator tells it THAW for an abort.
    VSS_ASSERT(operation != wire::Operation::kPrepare && operation != wire::Operation::kAbort);
    if (!device_.put(operation, tell.message_id)) {
      close("it left too many requests unanswered");
    }
    answer_ready_if_readable();
    return;
  }
  const wire::Event event{.operation = operation,
                          .message_id = tell.message_id,
                          .transaction = tell.transaction,
                          .reply_deadline = tell.reply_deadline,
                          .hold_deadline = tell.hold_deadline};
  const bool with_request = request != nullptr && kind_ == Kind::kFilesystem;
  send(with_request ? wire::make_frame(event, *request) : wire::make_frame(event));
}

void Session::perform(const coordinator::Withdraw& withdraw) {
  device_.withdraw(withdraw.message_id);
}

void Session::perform(const coordinator::TellLate& late) {
  ++late_answers_;
  if (state_ == State::kRegistered) send(wire::make_late(late.operation_raw, late.message_id));
}

void Session::perform(const coordinator::GrantTime& grant) {
  if (state_ != State::kRegistered) return;
  send(wire::make_more_time_reply({.message_id = grant.message_id, .duration = grant.granted}));
}

void Session::ask_for_plan(const wire::FilesystemRequest& request, std::uint32_t tag) {
  VSS_ASSERT(state_ == State::kRegistered && kind_ == Kind::kFilesystem);
  send(wire::make_plan_request(request, tag));
}

void Session::offer_thawed_page() {
  if (state_ != State::kRegistered || kind_ != Kind::kApplication) return;
  send(wire::FrameWriter(FrameKind::kThawedPage, 0), true);
}

std::optional<coordinator::Event> Session::disconnected(const coordinator::Reason& why) {
  const bool was_accepted = accepted();
  close(why);
  state_ = State::kOver;
  if (!was_accepted) return std::nullopt;
  return coordinator::ParticipantLeft{.id = participant_, .reason = closing_reason_};
}

void Session::answer_first_device_frame() {
  switch (join_frame_) {
    case JoinFrame::kNone: break;  // a device node was opened
    case JoinFrame::kRead: answer_read(join_tag_); break;
    case JoinFrame::kReady: ready_tag_ = join_tag_; break;
    // Nothing was ever asked of this client: the answer names nothing, and succeeds all the same.
    case JoinFrame::kWrite: send(wire::FrameWriter(FrameKind::kWriteReply, join_tag_)); break;
  }
}

void Session::send(wire::FrameWriter frame, bool with_thawed_page) {
  VSS_ASSERT(frame.complete());
  if (closing_) return;
  if (!outgoing_.push(frame.bytes(), with_thawed_page)) {
    close("it does not read what it is sent");
  }
}

void Session::refuse_registration(std::string_view reason) {
  send(wire::make_frame(
      wire::RegistrationReply{
          .status = wire::kStatusFail, .timeout = {}, .reason = wire::Reason{reason}},
      join_tag_));
  if (state_ != State::kPlain) close(reason);
}

void Session::close(std::string_view reason) {
  if (closing_) return;
  closing_ = true;
  closing_reason_ = coordinator::Reason{reason};
}

bool Session::within_rate(coordinator::Instant now) {
  if (now - second_began_ >= base::seconds{1} || second_began_ == coordinator::Instant{}) {
    second_began_ = now;
    frames_this_second_ = 0;
  }
  return ++frames_this_second_ <= frames_per_second_;
}

}  // namespace vss::devices
