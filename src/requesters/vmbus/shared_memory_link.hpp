// A host that shares memory over a local socket: vss-hostsim, or one written from docs/hyperv.md.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "platform/event_loop.hpp"
#include "platform/shared_file.hpp"
#include "requesters/vmbus/ring_link.hpp"

namespace vss::requesters::vmbus {

struct SharedMemoryDoor {
  std::string socket_path;
  std::vector<uid_t> host_users;  // whose host is believed: it can freeze this machine
};

class SharedMemoryLink final : public RingLink {
 public:
  static constexpr std::string_view kName = "hyperv:shm";

  SharedMemoryLink(platform::EventLoop& loop, HostLinkOwner& owner, std::uint16_t link,
                   SharedMemoryDoor door);
  ~SharedMemoryLink() override;

 private:
  // Its socket may lie anywhere.
  bool may_open_door() const override { return owner().may_open_paths(); }
  void open_door() override;
  void close_door() override;
  void signal_host() override;

  void on_socket();
  void on_signal();

  platform::EventLoop& loop_;
  const SharedMemoryDoor door_;
  base::UniqueFd socket_;
  base::UniqueFd to_host_, from_host_;
  platform::SharedMapping memory_;
  base::Instant signals_since_;
  std::uint32_t signals_ = 0;  // since then
  platform::EventLoop::Watch socket_watch_, signal_watch_;
};

}  // namespace vss::requesters::vmbus
