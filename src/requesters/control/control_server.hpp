// control.sock: who may ask what, and one ControlConnection for each vssctl.
#pragma once

#include <sys/types.h>

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "platform/event_loop.hpp"
#include "platform/socket.hpp"
#include "requesters/control/control_connection.hpp"

namespace vss::requesters {

struct ControlServerOptions {
  ControlPolicy policy;
  std::optional<gid_t> administrator_group;  // looked up at start; none: user 0 alone
  std::optional<uid_t> administrator_user;   // beside user 0: who runs an unprivileged vssd
  std::size_t connections_max = 64;          // a quarter of them only for administrators
  std::size_t unread_bytes_max = std::size_t{64} << 20;  // on all connections together
  std::uint32_t questions_per_second = 50;  // of all who are no administrators together
};

// Nothing here blocks; what a peer does not read is bounded. Freeze-safe. All on the loop's thread.
class ControlServer {
 public:
  ControlServer(platform::EventLoop& loop, ControlHost& host, const ControlServerOptions& options);
  ~ControlServer();

  void serve(base::UniqueFd listener);

  // For requesters that are gone these do nothing.
  void perform(const coordinator::Answer& answer);
  void perform(const coordinator::Notify& notify);
  void plan_detail(coordinator::RequesterId requester, const wire::MountDetail& detail);
  void plan_end(coordinator::RequesterId requester, const wire::PlanEnd& end);

  // Ends the connections that are to end. The owner calls it when it has performed a step's
  // actions.
  void reap();

 private:
  struct Connection;

  void accept_connection();
  bool is_administrator(int socket, const platform::PeerCredentials& peer) const;
  void on_readable(std::uint64_t number);
  void flush(Connection& connection);
  std::size_t unread_bytes() const;
  bool may_ask(const ControlPeer& peer);
  Connection* find(std::uint64_t number);
  template <typename Deliver>
  void with(coordinator::RequesterId requester, Deliver deliver);

  platform::EventLoop& loop_;
  ControlHost& host_;
  ControlServerOptions options_;
  base::UniqueFd listener_;
  base::UniqueFd reserve_;  // given up for a moment when the process has no descriptor left
  platform::EventLoop::Watch listener_watch_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::uint64_t next_number_ = 1;
  base::Instant second_began_;
  std::uint32_t questions_this_second_ = 0;
  std::uint64_t receiving_ = 0;        // the connection whose packet is being handled
  std::vector<std::uint64_t> ending_;  // connections that reap() will end
  std::array<std::byte, wire::kFrameBytesMax> packet_buffer_;
};

}  // namespace vss::requesters
