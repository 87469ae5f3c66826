// Serves sessions over app.sock and freezer.sock: descriptors and readiness here, meaning in
// Session.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "devices/participant_host.hpp"
#include "devices/session.hpp"
#include "platform/event_loop.hpp"
#include "platform/socket.hpp"

namespace vss::devices {

struct ParticipantServerOptions {
  std::size_t connections_max = 0;  // on both sockets together
  uid_t freezer_user = 0;           // who may connect to freezer.sock; tests name their own user
};

// One slow peer delays nobody: nothing here blocks, one packet is taken at a time, and what a peer
// does not read fills its own queue until it is given up. Freeze-safe. All on the loop's thread.
class ParticipantServer {
 public:
  ParticipantServer(platform::EventLoop& loop, ParticipantHost& host,
                    const ParticipantServerOptions& options);
  ~ParticipantServer();

  // Takes connections from `listener` (listening, non-blocking) from now on.
  void serve(Kind kind, base::UniqueFd listener);

  void perform(const coordinator::AcceptParticipant& accept);
  void perform(const coordinator::RefuseParticipant& refuse);
  void perform(const coordinator::Tell& tell, const wire::FilesystemRequest& request);
  void perform(const coordinator::Withdraw& withdraw);
  void perform(const coordinator::TellLate& late);
  void perform(const coordinator::GrantTime& grant);

  // False: no freezer is connected that could plan.
  bool ask_for_plan(const wire::FilesystemRequest& request, std::uint32_t tag);

  // Ends the connections that are to end, and passes on their departure. The owner calls it when it
  // has performed the actions of a step.
  void reap();

  bool freezer_connected() const { return freezer_ != nullptr; }
  // One that reports where it stands, and for whom the thawed page need not be read.
  bool registered_freezer_connected() const;
  std::size_t connections() const { return connections_.size(); }

 private:
  struct Listener;
  struct Connection;

  void accept_connections(Listener& listener);
  void admit(Kind kind, base::UniqueFd socket);
  bool make_room();
  void on_readable(std::uint64_t number);
  void keep_offered_page(Connection& connection, const platform::ReceivedPacket& packet);
  void adopt_page(Connection& connection);
  void flush(Connection& connection);
  void give_up(Connection& connection, std::string_view why);
  void schedule_end(Connection& connection);
  Connection* find(std::uint64_t number);
  Connection* find(coordinator::ParticipantId id);
  template <typename Action>
  void perform_for_participant(const Action& action);

  platform::EventLoop& loop_;
  ParticipantHost& host_;
  ParticipantServerOptions options_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> by_participant_;  // index: ParticipantId::index
  std::vector<std::uint64_t> ending_;        // connections that reap() will end
  Connection* freezer_ = nullptr;            // the accepted one
  base::UniqueFd thawed_page_;
  std::uint64_t next_number_ = 1;
  std::array<std::byte, wire::kFrameBytesMax> packet_buffer_;
};

}  // namespace vss::devices
