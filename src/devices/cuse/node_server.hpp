// Serves sessions through the two device nodes: descriptors and requests here, meaning in Session.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fixed_text.hpp"
#include "base/log_ring.hpp"
#include "devices/cuse/node.hpp"
#include "devices/participant_host.hpp"
#include "devices/session.hpp"

namespace vss::devices {

// What the server needs of the driver beside that. On the loop's thread; nothing blocks.
class NodeHost : public ParticipantHost {
 public:
  // False while anything is frozen that will be thawed: no node is made then. True where nobody
  // thaws it, so that a daemon that could finds its node.
  virtual bool may_open_devices() const = 0;
  virtual void log(base::LogSeverity severity, std::string_view text) = 0;
  // next_deadline() may have changed otherwise than in a call of the driver's.
  virtual void on_deadline_changed() = 0;
};

// Makes the node of one device. Not freeze-safe.
using MakeNode = std::function<base::Result<std::unique_ptr<platform::CuseDevice>>(Kind kind)>;
base::Result<std::unique_ptr<platform::CuseDevice>> make_node(Kind kind);

// Both nodes, which vssd makes before it gives up root, and the lock on making them.
struct Nodes {
  std::unique_ptr<platform::CuseDevice> application, filesystem;
  base::UniqueFd lock;
};
// Both exist when this returns, or none and the error says why. `cuse`: as many descriptors as
// platform::kHandedInCuseCount, of which nobody else has a copy: it would keep the nodes when vssd
// is gone. None: they are opened here. Not freeze-safe.
base::Result<Nodes> make_nodes(std::vector<base::UniqueFd> cuse = {});

// Each open of a node is a plain participant until the last descriptor of it is closed. How many
// there may be, and that there is one freezer, is the coordinator's decision: who is refused gets
// EBUSY. A node that is lost is made again when nothing is frozen; all else is freeze-safe, and no
// client delays another. On the loop's thread.
class NodeServer final : private platform::CuseHandler {
 public:
  // From here on requests are served, whenever the loop runs.
  NodeServer(platform::EventLoop& loop, NodeHost& host, Nodes nodes, MakeNode make = make_node);
  ~NodeServer() override;

  // Each ignores what belongs to no open of a node.
  void perform(const coordinator::AcceptParticipant& accept);
  void perform(const coordinator::RefuseParticipant& refuse);
  void perform(const coordinator::Tell& tell);
  void perform(const coordinator::Withdraw& withdraw);
  void perform(const coordinator::TellLate& late);
  void perform(const coordinator::GrantTime& grant);

  // Gives up the clients that are to be given up, and passes on their departure. The owner calls it
  // when it has performed the actions of a step.
  void reap();

  // A daemon has the filesystems' node open: it is the freezer.
  bool daemon_connected() const { return daemons_ > 0; }

  // When on_time() has to be called; early calls are harmless.
  base::Instant next_deadline() const;
  void on_time(base::Instant now);

  // For `vssctl status`.
  std::string standing() const;

 private:
  struct Client;

  // From the nodes.
  std::expected<Open, int> on_open(const platform::CuseOpener& opener) override;
  void on_release(Open open) override;
  std::expected<std::size_t, int> on_read(Open open, std::span<std::byte> room) override;
  std::expected<std::size_t, int> on_ioctl(Open open, unsigned command,
                                           std::span<const std::byte> argument,
                                           std::span<std::byte> answer) override;
  void on_unanswered(Open open) override;
  short on_poll(Open open) override;
  std::expected<std::size_t, int> on_write(Client& client, std::span<const std::byte> argument);

  Node& node_of(Kind kind) { return nodes_[static_cast<std::size_t>(kind)]; }
  // Null: its place in the service is taken away.
  Client* present(Open open);
  // The same for a request of its own, which is counted: it is null from now on if it asks too
  // much.
  Client* admitted(Open open);
  void warn_of_flood(Client& client);
  void wake(const Client& client);
  std::size_t read(Client& client, std::span<std::byte> room);
  Client* find(Open open);
  Client* find(coordinator::ParticipantId id);
  template <typename Action>
  void perform_for_participant(const Action& action);
  void depart(Client& client, std::string_view why);
  void forget_clients(Kind kind);
  void on_lost(Kind kind);
  void make_again(Node& node, base::Instant now);

  NodeHost& host_;
  MakeNode make_;
  base::UniqueFd lock_;
  std::unordered_map<Open, std::unique_ptr<Client>> clients_;
  std::vector<Client*> by_participant_;  // index: ParticipantId::index
  std::vector<Open> ending_;             // clients that reap() will give up
  int daemons_ = 0;
  bool waking_ = false;  // within wake(): on_read() is no request of the client's
  Open next_open_;
  std::string failure_;        // why a node could not be made again, as said in the log
  std::array<Node, 2> nodes_;  // by Kind; last: they stop serving before the rest goes
};

}  // namespace vss::devices
