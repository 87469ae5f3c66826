// One connection of vssctl: frames become requests, answers become frames. No descriptor in it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "coordinator/actions.hpp"
#include "requesters/control/control_host.hpp"

namespace vss::requesters {

// Who is at the other end, and what it may therefore do.
struct ControlPeer {
  std::int64_t process_id = 0;
  std::int64_t user_id = 0;
  bool administrator = false;
};

struct ControlPolicy {
  base::Duration hold_max{0};  // a request may not ask for more
  std::string administrators;  // for refusals: the group's name
};

// Carries one request at a time. `id` is the connection's own as a requester.
class ControlConnection {
 public:
  ControlConnection(coordinator::RequesterId id, const ControlPeer& peer, ControlHost& host,
                    const ControlPolicy& policy);

  // One whole packet. False: it is nothing that vssctl would send, closing_reason() says what.
  bool receive(std::span<const std::byte> packet);

  void perform(const coordinator::Answer& answer);
  void perform(const coordinator::Notify& notify);
  void plan_detail(const wire::MountDetail& detail);
  void plan_end(const wire::PlanEnd& end);

  // The connection is gone: what is bound to it ends.
  void disconnected();

  // Frames for the peer, oldest first.
  std::deque<std::vector<std::byte>>& outgoing() { return outgoing_; }
  std::size_t bytes_waiting() const { return bytes_waiting_; }
  void sent();

  coordinator::RequesterId id() const { return id_; }
  const ControlPeer& peer() const { return peer_; }
  std::string_view closing_reason() const { return closing_reason_; }

 private:
  void handle(const wire::ControlRequest& request);
  void start_transaction(const wire::ControlRequest& request);
  void release(coordinator::TransactionId id);
  void thaw_own();
  void abort_open(bool all_thawed);
  void plan(const wire::ControlRequest& request);
  void explain(coordinator::TransactionId id);
  void send_document(std::string_view text);
  void reply(bool success, std::string_view reason);
  void reply(const wire::ControlReply& outcome);
  void send(wire::FrameWriter frame);
  coordinator::Name name() const;

  coordinator::RequesterId id_;
  ControlPeer peer_;
  ControlHost& host_;
  const ControlPolicy& policy_;
  std::optional<std::uint32_t> waiting_tag_;  // of the request that is not answered yet
  bool asked_coordinator_ = false;
  bool opening_ = false;               // the request under way is a snapshot or a hold
  coordinator::TransactionId opened_;  // by a snapshot or a hold on this connection
  std::deque<std::vector<std::byte>> outgoing_;
  std::size_t bytes_waiting_ = 0;
  std::string_view closing_reason_;
};

}  // namespace vss::requesters
