#include "requesters/control/control_server.hpp"

#include <errno.h>
#include <fcntl.h>

#include "platform/clock.hpp"
#include "platform/credentials.hpp"

namespace vss::requesters {

using platform::IoOutcome;

struct ControlServer::Connection {
  Connection(coordinator::RequesterId id, const ControlPeer& peer, ControlHost& host,
             const ControlPolicy& policy, base::UniqueFd fd)
      : control(id, peer, host, policy), socket(std::move(fd)) {}

  ControlConnection control;
  base::UniqueFd socket;
  platform::EventLoop::Watch watch;  // last: stops before the socket closes
};

ControlServer::ControlServer(platform::EventLoop& loop, ControlHost& host,
                             const ControlServerOptions& options)
    : loop_(loop), host_(host), options_(options) {}

ControlServer::~ControlServer() = default;

void ControlServer::serve(base::UniqueFd listener) {
  listener_ = std::move(listener);
  reserve_.reset(::fcntl(listener_.get(), F_DUPFD_CLOEXEC, 0));
  listener_watch_ = loop_.watch(listener_.get(), [this] { accept_connection(); });
}

void ControlServer::accept_connection() {
  auto socket = platform::accept_one(listener_.get());
  if (!socket) {
    if (socket.error().os_errno != EMFILE && socket.error().os_errno != ENFILE) return;
    // Without this the waiting connection would keep the listener readable and the loop busy.
    reserve_.reset();
    if (auto turned_away = platform::accept_one(listener_.get())) turned_away->reset();
    reserve_.reset(::fcntl(listener_.get(), F_DUPFD_CLOEXEC, 0));
    return;
  }
  const auto credentials = platform::peer_credentials(socket->get());
  if (!credentials) return;
  const ControlPeer peer{.process_id = credentials->process_id,
                         .user_id = credentials->user_id,
                         .administrator = is_administrator(socket->get(), *credentials)};
  const std::size_t limit =
      peer.administrator ? options_.connections_max : options_.connections_max / 4 * 3;
  if (connections_.size() >= limit) return;
  const std::uint64_t number = next_number_++;
  auto connection = std::make_unique<Connection>(coordinator::RequesterId{number}, peer, host_,
                                                 options_.policy, std::move(*socket));
  Connection& added = *connection;
  connections_.emplace(number, std::move(connection));
  added.watch = loop_.watch(
      added.socket.get(), [this, number] { on_readable(number); },
      [this, number] {
        if (Connection* waiting = find(number)) flush(*waiting);
        reap();
      });
  if (!added.watch.works()) connections_.erase(number);
}

bool ControlServer::is_administrator(int socket, const platform::PeerCredentials& peer) const {
  if (peer.user_id == 0 || peer.user_id == options_.administrator_user) return true;
  return options_.administrator_group &&
         platform::peer_in_group(socket, peer, *options_.administrator_group);
}

void ControlServer::on_readable(std::uint64_t number) {
  Connection* connection = find(number);
  if (connection == nullptr) return;
  receiving_ = number;
  platform::ReceivedPacket packet;
  bool goes_on = false;
  switch (platform::receive_packet(connection->socket.get(), packet_buffer_, packet)) {
    case IoOutcome::kWouldBlock: goes_on = true; break;
    case IoOutcome::kClosed:
    case IoOutcome::kTooLong: break;
    case IoOutcome::kDone:
      for (const int descriptor : packet.descriptors)
        base::UniqueFd{descriptor}.reset();
      goes_on = may_ask(connection->control.peer()) && connection->control.receive(packet.bytes);
      flush(*connection);
      break;
  }
  receiving_ = 0;
  if (!goes_on) ending_.push_back(number);
  reap();
}

// Anybody may look, so nobody may keep vssd busy with it: beyond the limit a connection ends.
bool ControlServer::may_ask(const ControlPeer& peer) {
  if (peer.administrator) return true;
  const base::Instant now = platform::now();
  if (now - second_began_ >= base::seconds{1}) {
    second_began_ = now;
    questions_this_second_ = 0;
  }
  return ++questions_this_second_ <= options_.questions_per_second;
}

template <typename Deliver>
void ControlServer::with(coordinator::RequesterId requester, Deliver deliver) {
  Connection* connection = find(requester.value);
  if (connection == nullptr) return;
  deliver(connection->control);
  flush(*connection);
}

void ControlServer::perform(const coordinator::Answer& answer) {
  with(answer.requester, [&](ControlConnection& control) { control.perform(answer); });
}

void ControlServer::perform(const coordinator::Notify& notify) {
  with(notify.requester, [&](ControlConnection& control) { control.perform(notify); });
}

void ControlServer::plan_detail(coordinator::RequesterId requester,
                                const wire::MountDetail& detail) {
  with(requester, [&](ControlConnection& control) { control.plan_detail(detail); });
}

void ControlServer::plan_end(coordinator::RequesterId requester, const wire::PlanEnd& plan) {
  with(requester, [&](ControlConnection& control) { control.plan_end(plan); });
}

void ControlServer::flush(Connection& connection) {
  auto& outgoing = connection.control.outgoing();
  while (!outgoing.empty()) {
    const IoOutcome outcome = platform::send_packet(connection.socket.get(), outgoing.front());
    if (outcome == IoOutcome::kDone) {
      connection.control.sent();
      continue;
    }
    if (outcome == IoOutcome::kWouldBlock) connection.watch.when_writable();
    break;  // a peer that is gone is found when its end is read
  }
  if (unread_bytes() > options_.unread_bytes_max) ending_.push_back(connection.control.id().value);
}

std::size_t ControlServer::unread_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [number, connection] : connections_)
    bytes += connection->control.bytes_waiting();
  return bytes;
}

void ControlServer::reap() {
  // The connection whose packet is being handled is ended by its own on_readable().
  while (!ending_.empty() && ending_.back() != receiving_) {
    const auto node = connections_.extract(ending_.back());
    ending_.pop_back();
    if (!node.empty()) node.mapped()->control.disconnected();
  }
}

ControlServer::Connection* ControlServer::find(std::uint64_t number) {
  const auto found = connections_.find(number);
  return found == connections_.end() ? nullptr : found->second.get();
}

}  // namespace vss::requesters
