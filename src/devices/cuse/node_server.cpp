#include "devices/cuse/node_server.hpp"

#include <errno.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/fixed_text.hpp"
#include "devices/cuse/node_interface.hpp"
#include "platform/clock.hpp"

namespace vss::devices {

namespace {

// The socket server counts its connections from 1; the driver knows both by one number.
constexpr std::uint64_t kFirstOpen = std::uint64_t{1} << 63;

// Each of its requests counts as a frame does at a socket. None waits: it takes its own answer.
SessionLimits limits_of(Kind kind) {
  return {.outgoing_bytes = 0, .frames_per_second = default_limits(kind).frames_per_second};
}

// What a client finds whose place in the service was taken away: it may open the node again.
constexpr int kGivenUp = ENOTCONN;

}  // namespace

struct NodeServer::Client {
  Client(Kind kind, Open open, const platform::CuseOpener& opener)
      : session(kind, open, opener.process_id, limits_of(kind)),
        user_id(opener.user_id),
        may_write(opener.for_writing) {}

  base::FixedText<64> name() const {
    return base::FixedText<64>{node_name(session.kind())}
        .append(": process ")
        .append_number(session.process_id())
        .append(" of user ")
        .append_number(user_id);
  }

  Session session;
  uid_t user_id;
  bool may_write;
  std::uint64_t given = 0;  // the message of the last answer, where it had one
  bool warned = false;      // of its asking too much
  bool departed = false;    // the coordinator knows it no more; its descriptors may still be open
};

NodeServer::NodeServer(platform::EventLoop& loop, NodeHost& host, Nodes nodes, MakeNode make)
    : host_(host),
      make_(std::move(make)),
      lock_(std::move(nodes.lock)),
      next_open_(kFirstOpen),
      nodes_{Node(loop, Kind::kApplication, *this, [this] { on_lost(Kind::kApplication); }),
             Node(loop, Kind::kFilesystem, *this, [this] { on_lost(Kind::kFilesystem); })} {
  node_of(Kind::kApplication).serve(std::move(nodes.application));
  node_of(Kind::kFilesystem).serve(std::move(nodes.filesystem));
}

NodeServer::~NodeServer() = default;

// --- what clients do ---

std::expected<NodeServer::Open, int> NodeServer::on_open(const platform::CuseOpener& opener) {
  const Kind kind = opener.device == kFilesystemNode ? Kind::kFilesystem : Kind::kApplication;
  const Open open = next_open_++;
  const auto [at, added] = clients_.emplace(open, std::make_unique<Client>(kind, open, opener));
  Client& client = *at->second;
  host_.on_participant_event(client.session.open_device());  // answered by perform()
  if (client.session.accepted()) return open;
  host_.on_connection_over(client.name(), client.session.closing_reason());
  clients_.erase(open);
  return std::unexpected(EBUSY);
}

void NodeServer::on_release(Open open) {
  Client* client = find(open);
  if (client == nullptr) return;
  depart(*client, "it closed the device, or ended");
  clients_.erase(open);
}

std::expected<std::size_t, int> NodeServer::on_read(Open open, std::span<std::byte> room) {
  Client* client = waking_ ? present(open) : admitted(open);
  if (client == nullptr) return std::unexpected(kGivenUp);
  if (room.size() < sizeof(wire::DeviceMessage)) return std::unexpected(EINVAL);
  if (!client->session.device_readable()) return std::unexpected(EAGAIN);
  return read(*client, room);
}

// Any other ioctl succeeds and does nothing, as with the original.
std::expected<std::size_t, int> NodeServer::on_ioctl(Open open, unsigned command,
                                                     std::span<const std::byte> argument,
                                                     std::span<std::byte> answer) {
  Client* client = admitted(open);
  if (client == nullptr) return std::unexpected(kGivenUp);
  client->given = 0;
  if (command != kIoctlRead && command != kIoctlWrite) return 0;
  return command == kIoctlWrite ? on_write(*client, argument) : read(*client, answer);
}

std::size_t NodeServer::read(Client& client, std::span<std::byte> room) {
  const wire::DeviceMessage message = client.session.read_device();
  client.given = message.message_id;
  std::memcpy(room.data(), &message, sizeof message);
  return sizeof message;
}

// The next read gives it again: the coordinator waits for an answer to it. Who else polls this open
// was woken when the message came, and asks again only after this.
void NodeServer::on_unanswered(Open open) {
  Client* client = find(open);
  if (client != nullptr && client->given != 0) client->session.unread_device(client->given);
}

std::expected<std::size_t, int> NodeServer::on_write(Client& client,
                                                     std::span<const std::byte> argument) {
  if (!client.may_write) return std::unexpected(EBADF);
  wire::DeviceMessage message;
  std::memcpy(&message, argument.data(), sizeof message);
  if (const auto event = client.session.write_device(message)) host_.on_participant_event(*event);
  return 0;
}

short NodeServer::on_poll(Open open) {
  const Client* client = admitted(open);
  if (client == nullptr) return POLLERR;
  return client->session.device_readable() ? POLLIN | POLLRDNORM : 0;
}

// --- what the coordinator asks for ---

void NodeServer::perform(const coordinator::AcceptParticipant& accept) {
  Client* client = find(accept.connection);
  if (client == nullptr) return;
  client->session.perform(accept, false);
  if (by_participant_.size() <= accept.id.index) by_participant_.resize(accept.id.index + 1);
  by_participant_[accept.id.index] = client;
  if (client->session.kind() == Kind::kFilesystem) ++daemons_;
}

void NodeServer::perform(const coordinator::RefuseParticipant& refuse) {
  if (Client* client = find(refuse.connection)) client->session.perform(refuse);
}

void NodeServer::perform(const coordinator::Tell& tell) {
  Client* client = find(tell.id);
  if (client == nullptr) return;  // its departure is on the way to the coordinator
  client->session.perform(tell);
  if (client->session.closing()) ending_.push_back(client->session.connection());
  wake(*client);
}

template <typename Action>
void NodeServer::perform_for_participant(const Action& action) {
  if (Client* client = find(action.id)) client->session.perform(action);
}

void NodeServer::perform(const coordinator::Withdraw& withdraw) {
  perform_for_participant(withdraw);
}
void NodeServer::perform(const coordinator::TellLate& late) {
  perform_for_participant(late);
}
void NodeServer::perform(const coordinator::GrantTime& grant) {
  perform_for_participant(grant);
}

void NodeServer::reap() {
  while (!ending_.empty()) {
    Client* client = find(ending_.back());
    ending_.pop_back();
    if (client == nullptr) continue;
    depart(*client, "");
    wake(*client);
  }
}

// The kernel forgets every open of a node that it ends: nobody is released any more, and what the
// clients still do finds ENOTCONN.
void NodeServer::forget_clients(Kind kind) {
  std::vector<Open> gone;
  for (const auto& [open, client] : clients_) {
    if (client->session.kind() == kind) gone.push_back(open);
  }
  for (const Open open : gone) {
    depart(*find(open), "its device node was ended from outside");
    clients_.erase(open);
  }
}

// The coordinator hears of it once. `why` counts unless the session has a reason of its own.
void NodeServer::depart(Client& client, std::string_view why) {
  if (client.departed) return;
  client.departed = true;
  by_participant_[client.session.participant().index] = nullptr;
  if (client.session.kind() == Kind::kFilesystem) --daemons_;
  const auto departure = client.session.disconnected(coordinator::Reason{why});
  host_.on_connection_over(client.name(), client.session.closing_reason());
  if (departure) host_.on_participant_event(*departure);
}

NodeServer::Client* NodeServer::present(Open open) {
  Client* client = find(open);
  if (client == nullptr || client->departed || client->session.closing()) return nullptr;
  return client;
}

NodeServer::Client* NodeServer::admitted(Open open) {
  Client* client = present(open);
  if (client == nullptr) return nullptr;
  if (client->session.admit(platform::now())) {
    if (client->session.near_flood()) warn_of_flood(*client);
    return client;
  }
  ending_.push_back(open);
  host_.on_deadline_changed();  // for reap(): not within the client's own request
  return nullptr;
}

// Once for each open: who asks in circles would lose its place in the middle of a hold.
void NodeServer::warn_of_flood(Client& client) {
  if (std::exchange(client.warned, true)) return;
  host_.log(base::LogSeverity::kWarning,
            base::FixedText<240>{client.name().view()}
                .append(": asked more than ")
                .append_number(limits_of(client.session.kind()).frames_per_second / 2)
                .append(" times in a second, and is given up at twice that: it should wait in "
                        "read(2) or poll(2)"));
}

void NodeServer::wake(const Client& client) {
  waking_ = true;
  node_of(client.session.kind()).wake(client.session.connection());
  waking_ = false;
}

NodeServer::Client* NodeServer::find(Open open) {
  const auto found = clients_.find(open);
  return found == clients_.end() ? nullptr : found->second.get();
}

NodeServer::Client* NodeServer::find(coordinator::ParticipantId id) {
  if (id.index >= by_participant_.size()) return nullptr;
  Client* client = by_participant_[id.index];
  return client != nullptr && client->session.participant() == id ? client : nullptr;
}

}  // namespace vss::devices
