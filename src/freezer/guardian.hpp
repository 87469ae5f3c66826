// The guardian: only knows how to thaw.
//
// Its own program, started before the freezer accepts work, in its own cgroup where that is
// possible. Per transaction it gets the descriptors, makes one parked, locked thread for each, and
// answers `armed`; the freezer freezes nothing before. It acts (thaws all that is open in the
// slots, by the same routine as everybody) when
//   - the freezer is gone: its process ended, its connection closed, or its first thread is a
//   zombie
//     while another one hangs in the kernel;
//   - the deadline has passed with a slot still open: then it first kills a freezer that is
//   stopped,
//     holds a claim, or does not go on with a freeze that it has noted, since none would end by
//     itself; one whose FIFREEZE is at work in the kernel is left alone;
//   - it is told to stop itself (SIGTERM, SIGINT, SIGHUP).
// Afterwards it publishes the thawed mark. What the kernel will not thaw is named on /dev/kmsg and
// retried for ever.
//
// After `armed` it opens, allocates and forks nothing.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "base/unique_fd.hpp"
#include "freezer/guardian_protocol.hpp"
#include "freezer/lanes.hpp"
#include "freezer/slots.hpp"
#include "freezer/thawed_page.hpp"
#include "platform/fsfreeze.hpp"
#include "platform/socket.hpp"

namespace vss::freezer {

class Guardian {
 public:
  struct Parts {
    base::UniqueFd listener;    // non-blocking
    base::UniqueFd stop;        // readable: told to stop
    base::UniqueFd kernel_log;  // may be invalid
    platform::FreezeIoctls& ioctls;
  };
  explicit Guardian(Parts parts) : parts_(std::move(parts)) {}

  // Serves until told to stop and everything is thawed.
  void run();

 private:
  // The freezer that is connected.
  struct Client {
    base::UniqueFd socket;
    base::UniqueFd process;  // pidfd
    base::UniqueFd stat;     // /proc/PID/stat
    pid_t process_id = 0;
    std::optional<SlotTable> table;  // from kHello on
    std::optional<ThawedPage> page;
    bool lost = false;
  };
  // What it asked to be guarded.
  struct Watch {
    base::TransactionId transaction;
    base::Instant deadline = base::Instant::never();
    std::vector<base::UniqueFd> filesystems;  // until armed
    std::size_t expected = 0;
    std::unique_ptr<Lanes> lanes;  // armed
    bool disarm_asked = false;
    bool acting = false;
    base::Instant acting_since;
    std::array<bool, base::kFilesystemsMax> named{};  // on the kernel's log
  };

  base::Instant next_wake() const;
  void accept_client();
  void receive();
  void handle(const GuardianPacket& packet, platform::ReceivedPacket& received);
  void hello(const GuardianPacket& packet, platform::ReceivedPacket& received);
  void arm(const GuardianPacket& packet, platform::ReceivedPacket& received);
  void send(GuardianWord word, base::TransactionId transaction);
  void refuse(int socket, std::string_view reason);

  bool client_gone() const;
  bool freezer_must_be_killed() const;
  void look();  // at everything that makes it act, and at what acting has achieved
  void act();
  void name_stuck();
  void drop_client();

  Parts parts_;
  std::optional<Client> client_;
  std::optional<Watch> watch_;
  bool stopping_ = false;
};

}  // namespace vss::freezer
