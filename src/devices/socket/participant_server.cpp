#include "devices/socket/participant_server.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>

#include "base/fixed_text.hpp"
#include "platform/clock.hpp"

namespace vss::devices {

using platform::IoOutcome;

struct ParticipantServer::Listener {
  Kind kind;
  base::UniqueFd socket;
  base::UniqueFd reserve;  // given up for a moment when the process has no descriptor left
  platform::EventLoop::Watch watch;
};

struct ParticipantServer::Connection {
  Connection(Kind kind, std::uint64_t number, base::UniqueFd fd, platform::PeerCredentials who)
      : session(kind, number, who.process_id), socket(std::move(fd)), peer(who) {}

  base::FixedText<64> name() const {
    base::FixedText<64> text{session.kind() == Kind::kFilesystem ? "freezer.sock" : "app.sock"};
    return text.append(": process ")
        .append_number(peer.process_id)
        .append(" of user ")
        .append_number(peer.user_id);
  }

  Session session;
  base::UniqueFd socket;
  platform::PeerCredentials peer;
  base::UniqueFd offered_page;  // came with REGISTER; ours once the freezer is accepted
  std::string_view given_up;    // why, when it is the transport that ends it; a literal
  bool ending = false;
  platform::EventLoop::Watch watch;  // last: stops before the socket closes
};

ParticipantServer::ParticipantServer(platform::EventLoop& loop, ParticipantHost& host,
                                     const ParticipantServerOptions& options)
    : loop_(loop), host_(host), options_(options) {
  connections_.reserve(options.connections_max);
  by_participant_.reserve(options.connections_max);
  ending_.reserve(options.connections_max);
}

ParticipantServer::~ParticipantServer() = default;

void ParticipantServer::serve(Kind kind, base::UniqueFd socket) {
  auto listener = std::make_unique<Listener>();
  listener->kind = kind;
  listener->socket = std::move(socket);
  listener->reserve = base::UniqueFd{::fcntl(listener->socket.get(), F_DUPFD_CLOEXEC, 0)};
  listener->watch = loop_.watch(listener->socket.get(),
                                [this, raw = listener.get()] { accept_connections(*raw); });
  listeners_.push_back(std::move(listener));
}

void ParticipantServer::accept_connections(Listener& listener) {
  auto socket = platform::accept_one(listener.socket.get());
  if (socket) return admit(listener.kind, std::move(*socket));
  if (socket.error().os_errno != EMFILE && socket.error().os_errno != ENFILE) return;
  // Without this the waiting connection would keep the listener readable and the loop busy.
  listener.reserve.reset();
  if (auto turned_away = platform::accept_one(listener.socket.get())) turned_away->reset();
  listener.reserve.reset(::fcntl(listener.socket.get(), F_DUPFD_CLOEXEC, 0));
  host_.on_connection_over("a new connection",
                           "refused: vssd has no file descriptor left; raise LimitNOFILE");
}

void ParticipantServer::admit(Kind kind, base::UniqueFd socket) {
  const auto peer = platform::peer_credentials(socket.get());
  if (!peer) return;
  if (kind == Kind::kFilesystem && peer->user_id != options_.freezer_user) {
    const Connection refused(kind, 0, std::move(socket), *peer);
    return host_.on_connection_over(refused.name(), "refused: only root's freezer may connect");
  }
  if (connections_.size() >= options_.connections_max && !make_room()) {
    const Connection refused(kind, 0, std::move(socket), *peer);
    return host_.on_connection_over(refused.name(),
                                    "refused: too many connections; raise writers.max");
  }
  const std::uint64_t number = next_number_++;
  auto connection = std::make_unique<Connection>(kind, number, std::move(socket), *peer);
  Connection& added = *connection;
  connections_.emplace(number, std::move(connection));
  added.watch = loop_.watch(
      added.socket.get(), [this, number] { on_readable(number); },
      [this, number] {
        if (Connection* waiting = find(number)) flush(*waiting);
        reap();
      });
  if (added.watch.works()) return;
  host_.on_connection_over(added.name(),
                           "refused: the kernel watches no more; raise fs.epoll.max_user_watches");
  connections_.erase(number);
}

// Connections that never joined must not keep writers out: the oldest of them goes.
bool ParticipantServer::make_room() {
  Connection* oldest = nullptr;
  for (const auto& [number, connection] : connections_) {
    if (connection->session.accepted() || connection->ending) continue;
    if (oldest == nullptr || number < oldest->session.connection()) oldest = connection.get();
  }
  if (oldest == nullptr) return false;
  give_up(*oldest, "it never joined, and its place is needed");
  reap();
  return true;
}

void ParticipantServer::on_readable(std::uint64_t number) {
  Connection* connection = find(number);
  if (connection == nullptr || connection->ending) return;
  platform::ReceivedPacket packet;
  switch (platform::receive_packet(connection->socket.get(), packet_buffer_, packet)) {
    case IoOutcome::kWouldBlock: return;
    case IoOutcome::kClosed: give_up(*connection, "its connection was closed"); break;
    case IoOutcome::kTooLong: give_up(*connection, "it sent a packet longer than any frame"); break;
    case IoOutcome::kDone: {
      keep_offered_page(*connection, packet);
      const Input input = connection->session.receive(platform::now(), packet.bytes);
      if (input.event) host_.on_participant_event(*input.event);
      if (input.news) host_.on_freezer_news(*input.news);
      connection = find(number);  // it may have been ended meanwhile
      if (connection != nullptr) flush(*connection);
    }
  }
  reap();
}

// Descriptors mean something in one frame only: a freezer's first. All others are closed.
void ParticipantServer::keep_offered_page(Connection& connection,
                                          const platform::ReceivedPacket& packet) {
  const bool may_offer =
      connection.session.kind() == Kind::kFilesystem && !connection.session.accepted();
  for (const int descriptor : packet.descriptors) {
    base::UniqueFd owned{descriptor};
    if (may_offer && !connection.offered_page) connection.offered_page = std::move(owned);
  }
}

void ParticipantServer::adopt_page(Connection& connection) {
  if (!connection.offered_page) return;
  thawed_page_ = std::move(connection.offered_page);
  host_.on_thawed_page(thawed_page_.get());
  for (auto& [number, other] : connections_) {
    if (!other->session.accepted()) continue;
    other->session.offer_thawed_page();
    flush(*other);
  }
}

void ParticipantServer::perform(const coordinator::AcceptParticipant& accept) {
  Connection* connection = find(accept.connection);
  if (connection == nullptr) return;
  connection->session.perform(accept, thawed_page_.valid());
  if (by_participant_.size() <= accept.id.index) by_participant_.resize(accept.id.index + 1);
  by_participant_[accept.id.index] = connection;
  if (connection->session.kind() == Kind::kFilesystem) {
    freezer_ = connection;
    adopt_page(*connection);
  }
  flush(*connection);
}

void ParticipantServer::perform(const coordinator::RefuseParticipant& refuse) {
  Connection* connection = find(refuse.connection);
  if (connection == nullptr) return;
  connection->session.perform(refuse);
  flush(*connection);
}

template <typename Action>
void ParticipantServer::perform_for_participant(const Action& action) {
  Connection* connection = find(action.id);
  if (connection == nullptr) return;  // its departure is on the way to the coordinator
  connection->session.perform(action);
  flush(*connection);
}

void ParticipantServer::perform(const coordinator::Tell& tell,
                                const wire::FilesystemRequest& request) {
  Connection* connection = find(tell.id);
  if (connection == nullptr) return;
  const bool carries_request = tell.operation == coordinator::Operation::kCheck ||
                               tell.operation == coordinator::Operation::kPrepare;
  connection->session.perform(tell, carries_request ? &request : nullptr);
  flush(*connection);
}

void ParticipantServer::perform(const coordinator::Withdraw& withdraw) {
  perform_for_participant(withdraw);
}
void ParticipantServer::perform(const coordinator::TellLate& late) {
  perform_for_participant(late);
}
void ParticipantServer::perform(const coordinator::GrantTime& grant) {
  perform_for_participant(grant);
}

bool ParticipantServer::registered_freezer_connected() const {
  return freezer_ != nullptr && !freezer_->session.plain();
}

bool ParticipantServer::ask_for_plan(const wire::FilesystemRequest& request, std::uint32_t tag) {
  if (!registered_freezer_connected() || freezer_->ending) return false;
  freezer_->session.ask_for_plan(request, tag);
  flush(*freezer_);
  return true;
}

void ParticipantServer::flush(Connection& connection) {
  Session& session = connection.session;
  while (!session.outgoing().empty()) {
    const int page = thawed_page_.get();
    const bool carries_page = session.outgoing().front_carries_thawed_page() && page >= 0;
    const auto descriptors = carries_page ? std::span<const int>{&page, 1} : std::span<const int>{};
    switch (
        platform::send_packet(connection.socket.get(), session.outgoing().front(), descriptors)) {
      case IoOutcome::kDone: session.sent(); continue;
      case IoOutcome::kWouldBlock:
        if (!session.closing()) connection.watch.when_writable();
        break;
      case IoOutcome::kClosed: break;  // what the peer sent before it left is still to be read
      case IoOutcome::kTooLong: give_up(connection, "its socket takes no whole frame"); return;
    }
    break;
  }
  if (session.closing()) schedule_end(connection);
}

void ParticipantServer::give_up(Connection& connection, std::string_view why) {
  if (connection.given_up.empty()) connection.given_up = why;
  schedule_end(connection);
}

void ParticipantServer::schedule_end(Connection& connection) {
  if (connection.ending) return;
  connection.ending = true;
  ending_.push_back(connection.session.connection());
}

void ParticipantServer::reap() {
  while (!ending_.empty()) {
    const auto node = connections_.extract(ending_.back());
    ending_.pop_back();
    Connection& connection = *node.mapped();
    const bool was_accepted = connection.session.accepted();
    const auto departure =
        connection.session.disconnected(coordinator::Reason{connection.given_up});
    if (was_accepted) by_participant_[connection.session.participant().index] = nullptr;
    if (freezer_ == &connection) freezer_ = nullptr;
    host_.on_connection_over(connection.name(), connection.session.closing_reason());
    if (departure) host_.on_participant_event(*departure);
  }
}

ParticipantServer::Connection* ParticipantServer::find(std::uint64_t number) {
  const auto found = connections_.find(number);
  return found == connections_.end() ? nullptr : found->second.get();
}

ParticipantServer::Connection* ParticipantServer::find(coordinator::ParticipantId id) {
  if (id.index >= by_participant_.size()) return nullptr;
  Connection* connection = by_participant_[id.index];
  return connection != nullptr && connection->session.participant() == id ? connection : nullptr;
}

}  // namespace vss::devices
