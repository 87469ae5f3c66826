#include "freezer/session.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "freezer/mount_detail.hpp"
#include "platform/clock.hpp"
#include "platform/console.hpp"
#include "platform/socket.hpp"

namespace vss::freezer {
namespace {

using base::milliseconds;

constexpr std::size_t kStreamsMax = 32;
constexpr std::size_t kOutboxBytes = std::size_t{1024} * 1024;
constexpr milliseconds kBackOffMin{100};
constexpr milliseconds kBackOffMax{2000};
// What one mount may need; the exact size is only known once the frame is made.
constexpr std::size_t kDetailBytes = 2048;

}  // namespace

Session::Session(std::string socket_path, PlanSource& plans, const ThawedPage& page, bool debug)
    : path_(std::move(socket_path)),
      plans_(plans),
      page_(page),
      debug_(debug),
      back_off_(kBackOffMin),
      outbox_(kOutboxBytes),
      packet_(wire::kFrameBytesMax) {}

// --- connecting ---

base::Instant Session::next_deadline() const {
  if (!failed_.empty()) return {};
  // Opening by path waits until nothing is open.
  return socket_ || !transaction_->idle() ? base::Instant::never() : connect_at_;
}

void Session::on_time(base::Instant now) {
  if (!failed_.empty()) lose(failed_);
  if (now >= next_deadline()) connect(now);
}

void Session::connect(base::Instant now) {
  connect_at_ = now + back_off_;
  back_off_ = std::min<base::Duration>(back_off_ * 2, kBackOffMax);
  auto socket = platform::connect_to(path_);
  if (!socket) return say("waiting for vssd: " + socket.error().message);
  const auto peer = platform::peer_credentials(socket->get());
  if (!peer || (peer->user_id != 0 && peer->user_id != ::geteuid())) {
    return say("what listens at " + path_ + " is not root's; not registering there");
  }
  plans_.spared().add_executable_of(peer->process_id);
  socket_ = std::move(*socket);
  outbox_.clear();
  streams_.clear();
  wire::Registration registration;
  registration.role = wire::Role::kFreezer;
  registration.name = "vss-freezer";
  registration.level = base::kLevelMax;
  registration.freezer_status = last_status_ = transaction_->status();
  registration.version = OPENVSS_VERSION;
  wire::FrameWriter frame = wire::make_frame(registration);
  if (platform::send_packet(socket_.get(), frame.bytes(), std::array{page_.reader_descriptor()}) !=
      platform::IoOutcome::kDone) {
    lose("vssd closed the connection");
  }
}

void Session::lose(std::string_view why) {
  failed_ = {};
  if (!socket_) return;
  socket_.reset();
  connect_at_ = platform::now() + back_off_;
  // Before anything is said: what is frozen thaws now.
  transaction_->abandon("the connection to vssd was lost");
  say(why);
}

void Session::say(std::string_view line) {
  // Never while something is open: standard error may lead to a disk. Once, not at every attempt.
  if (!transaction_->idle() || last_said_.view() == line) return;
  last_said_ = base::FixedText<256>{line};
  platform::print_line(STDERR_FILENO, base::FixedText<512>{"vss-freezer: "}.append(line));
}

// --- from vssd ---

void Session::on_readable() {
  platform::ReceivedPacket received;
  const auto outcome = platform::receive_packet(socket_.get(), packet_, received);
  for (const int fd : received.descriptors)
    base::UniqueFd{fd};  // vssd sends us none
  if (outcome == platform::IoOutcome::kWouldBlock) return;
  if (outcome != platform::IoOutcome::kDone) return lose("vssd went away");
  handle(received.bytes);
}

void Session::handle(std::span<const std::byte> packet) {
  const auto frame = wire::decode_frame(packet);
  if (!frame) return lose(wire::to_text(frame.error()));
  switch (frame->kind) {
    case wire::FrameKind::kRegistered: return on_registered(*frame);
    case wire::FrameKind::kEvent: return on_event(*frame);
    case wire::FrameKind::kPlan: return on_plan(*frame);
    case wire::FrameKind::kLate: return transaction_->late(frame->message.message_id);
    default: return;  // of no meaning for a freezer
  }
}

void Session::on_registered(const wire::FrameView& frame) {
  const auto reply = wire::decode_registration_reply(frame);
  if (!reply) return lose(wire::to_text(reply.error()));
  if (reply->status != wire::kStatusSuccess) {
    return lose(base::FixedText<256>{"vssd refused: "}.append(reply->reason));
  }
  was_connected_ = true;
  back_off_ = kBackOffMin;
  if (debug_) say("registered with vssd");
}

void Session::on_event(const wire::FrameView& frame) {
  const auto event = wire::decode_event(frame);
  if (!event) return lose(wire::to_text(event.error()));
  switch (event->operation) {
    case wire::Operation::kFreeze: return transaction_->freeze(*event);
    case wire::Operation::kThaw:
    case wire::Operation::kAbort: return transaction_->thaw(*event);
    case wire::Operation::kNone: return;
    case wire::Operation::kCheck:
    case wire::Operation::kPrepare: break;
  }
  const auto request = wire::decode_filesystem_request(frame);
  if (!request) return lose(wire::to_text(request.error()));
  if (event->operation == wire::Operation::kCheck) {
    transaction_->check(*event, *request);
  } else {
    transaction_->prepare(*event, *request);
  }
}

void Session::on_plan(const wire::FrameView& frame) {
  const auto request = wire::decode_filesystem_request(frame);
  if (!request) return lose(wire::to_text(request.error()));
  if (streams_.size() >= kStreamsMax) {
    return push(wire::make_plan_end({}, frame.tag, wire::kStatusFail, "too many plans asked for"),
                Outbox::Kind::kAnswer);
  }
  auto planning = plans_.make(*request);
  if (!planning) {
    return push(wire::make_plan_end({}, frame.tag, wire::kStatusFail, planning.error().message),
                Outbox::Kind::kAnswer);
  }
  streams_.push_back({std::move(*planning), {}, frame.tag, true, 0});
  send_what_waits();
}

// --- to vssd ---

void Session::reply(const wire::Reply& reply) {
  push(wire::make_frame(reply), Outbox::Kind::kAnswer);
}

void Session::detail(const wire::MountDetail& detail) {
  push(wire::make_frame(detail), Outbox::Kind::kDetail);
}

void Session::planned(std::shared_ptr<const Planning> planning, base::TransactionId id) {
  if (!socket_) return;
  streams_.push_back({std::move(planning), id, 0, false, 0});
  send_what_waits();
}

void Session::status_changed() {
  const wire::FreezerStatus status = transaction_->status();
  if (last_status_ == status) return;
  last_status_ = status;
  push(wire::make_frame(status), Outbox::Kind::kAnswer);
}

void Session::push(wire::FrameWriter&& frame, Outbox::Kind kind) {
  if (!socket_) return;
  // Not lose() here: the transaction may be in the middle of telling us.
  if (!outbox_.push(frame.bytes(), kind) && kind == Outbox::Kind::kAnswer) {
    failed_ = "vssd does not read";
  }
  send_what_waits();
}

void Session::send_what_waits() {
  for (;;) {
    if (outbox_.empty()) fill_from_streams();
    if (outbox_.empty() || !socket_ || !failed_.empty()) return;
    switch (platform::send_packet(socket_.get(), outbox_.front())) {
      case platform::IoOutcome::kDone: outbox_.pop(); break;
      case platform::IoOutcome::kWouldBlock: return;
      default: failed_ = "vssd went away"; return;
    }
  }
}

void Session::fill_from_streams() {
  while (!streams_.empty()) {
    Stream& stream = streams_.front();
    const plan::Plan& plan = stream.planning->plan;
    while (stream.next < plan.entries.size()) {
      if (!outbox_.room_for_details(kDetailBytes)) return;
      wire::FrameWriter frame =
          wire::make_frame(detail_of(plan.entries[stream.next++], stream.transaction), stream.tag);
      outbox_.push(frame.bytes(), Outbox::Kind::kDetail);
    }
    if (stream.ends_with_summary) {
      const bool good = plan.vetoes.empty();
      wire::FrameWriter end = wire::make_plan_end(
          summary_of(plan), stream.tag, good ? wire::kStatusSuccess : wire::kStatusFail,
          good ? plan::Reason{stream.planning->passed_over} : plan.first_veto());
      outbox_.push(end.bytes(), Outbox::Kind::kAnswer);
    }
    streams_.pop_front();
  }
}

}  // namespace vss::freezer
