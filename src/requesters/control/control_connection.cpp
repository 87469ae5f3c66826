#include "requesters/control/control_connection.hpp"

#include <algorithm>

namespace vss::requesters {

using coordinator::Selection;
using wire::ControlCommand;

namespace {

constexpr std::size_t kPieceBytes = 32'768;

bool needs_administrator(ControlCommand command) {
  switch (command) {
    case ControlCommand::kStatus:
    case ControlCommand::kWriters:
    case ControlCommand::kPlan:
    case ControlCommand::kHistory:
    case ControlCommand::kExplain: return false;
    case ControlCommand::kSnapshot:
    case ControlCommand::kHold:
    case ControlCommand::kRelease:
    case ControlCommand::kThaw:
    case ControlCommand::kAbort:
    case ControlCommand::kCheck: break;
  }
  return true;
}

coordinator::SnapshotOptions options_of(const wire::ControlRequest& request) {
  coordinator::SnapshotOptions options;
  options.selection = static_cast<Selection>(request.filesystems.selection);
  options.require_given = request.require_given;
  options.require = static_cast<coordinator::Grade>(request.filesystems.require);
  options.hold_budget = request.hold_budget;
  options.bound_to_requester = request.command != ControlCommand::kHold;
  return options;
}
static_assert(static_cast<int>(Selection::kPaths) == static_cast<int>(wire::Selection::kPaths) &&
              static_cast<int>(coordinator::Grade::kApplication) ==
                  static_cast<int>(wire::Grade::kApplication));

wire::ControlReply outcome(bool success, coordinator::TransactionId transaction,
                           coordinator::Grade grade, std::string_view reason) {
  return {.status = success ? wire::kStatusSuccess : wire::kStatusFail,
          .transaction = transaction,
          .hold_deadline = coordinator::Instant::never(),
          .grade = static_cast<wire::Grade>(grade),
          .reason = wire::Reason{reason}};
}

wire::NoticeKind to_wire(coordinator::Notify::What what) {
  switch (what) {
    case coordinator::Notify::What::kExpired: return wire::NoticeKind::kExpired;
    case coordinator::Notify::What::kAborted: return wire::NoticeKind::kAborted;
    case coordinator::Notify::What::kEnded: break;
  }
  return wire::NoticeKind::kEnded;
}

}  // namespace

ControlConnection::ControlConnection(coordinator::RequesterId id, const ControlPeer& peer,
                                     ControlHost& host, const ControlPolicy& policy)
    : id_(id), peer_(peer), host_(host), policy_(policy) {}

bool ControlConnection::receive(std::span<const std::byte> packet) {
  const auto frame = wire::decode_frame(packet);
  if (!frame) {
    closing_reason_ = wire::to_text(frame.error());
    return false;
  }
  if (frame->kind != wire::FrameKind::kControlRequest) {
    closing_reason_ = "it sent a frame that is no control request";
    return false;
  }
  if (waiting_tag_) {
    closing_reason_ = "it sent a second request before the first was answered";
    return false;
  }
  waiting_tag_ = frame->tag;
  const auto request = wire::decode_control_request(*frame);
  if (request) {
    handle(*request);
  } else {
    reply(false, "the request is malformed or not known to this version of vssd");
  }
  return true;
}

void ControlConnection::handle(const wire::ControlRequest& request) {
  if (needs_administrator(request.command) && !peer_.administrator) {
    return reply(false, coordinator::Reason{"only root and members of group "}
                            .append(policy_.administrators)
                            .append(" may do this"));
  }
  switch (request.command) {
    case ControlCommand::kStatus: return send_document(host_.status_json());
    case ControlCommand::kWriters: return send_document(host_.writers_json());
    case ControlCommand::kHistory: return send_document(host_.history_json());
    case ControlCommand::kExplain: return explain(request.transaction);
    case ControlCommand::kPlan: return plan(request);
    case ControlCommand::kSnapshot:
    case ControlCommand::kHold:
    case ControlCommand::kCheck: return start_transaction(request);
    case ControlCommand::kRelease: return release(request.transaction);
    case ControlCommand::kThaw: return thaw_own();
    case ControlCommand::kAbort: return abort_open(request.all_thawed);
  }
}

void ControlConnection::start_transaction(const wire::ControlRequest& request) {
  if (request.hold_budget > policy_.hold_max) {
    return reply(false,
                 coordinator::Reason{"the hold may last at most "}
                     .append_number(policy_.hold_max / base::seconds{1})
                     .append(" s on this machine (its kernel's limits or the configuration)"));
  }
  if (request.filesystems.selection == wire::Selection::kPaths &&
      request.filesystems.paths.empty()) {
    return reply(false, "the request names no filesystem; name mount points, or say all or none");
  }
  asked_coordinator_ = true;
  if (request.command == ControlCommand::kCheck) {
    return host_.on_transaction_request(
        coordinator::CheckRequested{.requester = id_,
                                    .kind = coordinator::RequesterKind::kLocal,
                                    .name = name(),
                                    .tag = *waiting_tag_,
                                    .options = options_of(request)},
        request);
  }
  opening_ = true;
  host_.on_transaction_request(
      coordinator::FreezeRequested{.requester = id_,
                                   .kind = coordinator::RequesterKind::kLocal,
                                   .name = name(),
                                   .tag = *waiting_tag_,
                                   .options = options_of(request)},
      request);
}

void ControlConnection::release(coordinator::TransactionId id) {
  if (!id.valid()) id = host_.open_transaction();
  if (!id.valid()) return reply(false, "nothing is held");
  asked_coordinator_ = true;
  host_.on_requester_event(coordinator::ThawRequested{
      .requester = id_, .name = name(), .tag = *waiting_tag_, .transaction = id});
}

void ControlConnection::thaw_own() {
  if (!opened_.valid()) return reply(false, "this connection holds nothing");
  host_.on_requester_event(coordinator::ThawRequested{
      .requester = id_, .name = name(), .tag = *waiting_tag_, .transaction = opened_});
}

void ControlConnection::abort_open(bool all_thawed) {
  asked_coordinator_ = true;
  host_.on_requester_event(coordinator::AbortRequested{
      .requester = id_, .name = name(), .tag = *waiting_tag_, .all_thawed = all_thawed});
}

void ControlConnection::plan(const wire::ControlRequest& request) {
  if (const auto asked = host_.ask_for_plan(id_, request); !asked) {
    reply(false, asked.error().message);
  }
}

void ControlConnection::explain(coordinator::TransactionId id) {
  const auto record = host_.record_json(id.valid() ? std::optional{id}
                                                   : std::optional<coordinator::TransactionId>{});
  if (!record) return reply(false, record.error().message);
  send_document(*record);
}

void ControlConnection::perform(const coordinator::Answer& answer) {
  if (!waiting_tag_ || *waiting_tag_ != answer.tag) return;
  if (opening_ && answer.success) opened_ = answer.transaction;
  opening_ = false;
  wire::ControlReply body =
      outcome(answer.success, answer.transaction, answer.grade, answer.reason);
  body.hold_deadline = answer.hold_deadline;
  reply(body);
}

void ControlConnection::perform(const coordinator::Notify& notify) {
  send(wire::make_frame(wire::ControlNotice{
      .kind = to_wire(notify.what),
      .outcome = outcome(notify.success, notify.transaction, notify.grade, notify.reason)}));
}

void ControlConnection::plan_detail(const wire::MountDetail& detail) {
  if (waiting_tag_) send(wire::make_frame(detail, *waiting_tag_));
}

void ControlConnection::plan_end(const wire::PlanEnd& end) {
  if (!waiting_tag_) return;
  send(wire::make_plan_end(end.summary, *waiting_tag_, end.status, end.reason));
  reply(end.status == wire::kStatusSuccess, end.reason);
}

void ControlConnection::disconnected() {
  if (!asked_coordinator_) return;
  host_.on_requester_event(
      coordinator::RequesterGone{.requester = id_, .reason = "vssctl's connection was closed"});
}

void ControlConnection::send_document(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); at += kPieceBytes) {
    send(wire::make_control_data(text.substr(at, kPieceBytes), *waiting_tag_));
  }
  reply(true, {});
}

void ControlConnection::reply(bool success, std::string_view reason) {
  reply(outcome(success, {}, coordinator::Grade::kCrash, reason));
}

void ControlConnection::reply(const wire::ControlReply& body) {
  send(wire::make_frame(body, *waiting_tag_));
  waiting_tag_.reset();
}

void ControlConnection::send(wire::FrameWriter frame) {
  const auto bytes = frame.bytes();
  outgoing_.emplace_back(bytes.begin(), bytes.end());
  bytes_waiting_ += bytes.size();
}

void ControlConnection::sent() {
  bytes_waiting_ -= outgoing_.front().size();
  outgoing_.pop_front();
}

coordinator::Name ControlConnection::name() const {
  return coordinator::Name{"vssctl:"}.append_number(peer_.process_id);
}

}  // namespace vss::requesters
