// What joins a host to the driver: a link carries a host's requests to the coordinator and its
// answers back, over whatever door of the guest they come through.
//
// A link is one object for as long as vssd runs. It opens its door, reports each opening under a
// requester's id of its own, and opens the door again, with a growing pause, when it was closed:
// never while anything may be frozen, since that means opening by path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/log_ring.hpp"
#include "base/time.hpp"
#include "coordinator/actions.hpp"
#include "coordinator/events.hpp"

namespace vss::requesters {

// One request of the host and its answer, as the record tells them.
struct HostExchange {
  std::string_view link;     // the requester's name; static text
  std::string_view request;  // the host's word for it, for example "HOT_BACKUP"; static text
  base::Instant asked;       // taken from the channel
  base::Instant answered;    // the answer was given to the channel
  bool success = false;
};

enum class TrafficEvent : std::uint8_t { kFromHost, kFromGuest, kOpened, kClosed };

// What a link needs of the driver. All on the loop's thread; nothing here blocks; freeze-safe.
class HostLinkOwner {
 public:
  virtual ~HostLinkOwner() = default;

  // A CHECK, FREEZE or THAW of the host, or that it is gone (RequesterGone, once for each opening
  // that asked for anything). Answers come back through HostLink::perform(), perhaps before this
  // returns.
  virtual void on_host_event(const coordinator::Event& event) = 0;
  virtual void on_exchange(const HostExchange& exchange) = 0;

  // Every message as it passes through the door, for a trace; `bytes` is empty for kOpened and
  // kClosed.
  virtual void on_traffic(TrafficEvent what, std::span<const std::byte> bytes) = 0;

  // False while anything may be frozen: nothing is opened by path then.
  virtual bool may_open_paths() const = 0;
  // The same for what lies below /dev and /sys, which nobody freezes: true also while something
  // stays frozen that nobody thaws, so that hosts are told so.
  virtual bool may_open_devices() const = 0;
  virtual void log(base::LogSeverity severity, std::string_view text) = 0;
  // next_deadline() may have changed otherwise than in a call of the driver's.
  virtual void on_deadline_changed() = 0;
};

// What the driver needs of a link.
class HostLink {
 public:
  virtual ~HostLink() = default;

  virtual void perform(const coordinator::Answer& answer) = 0;

  // When on_time() has to be called; never() when there is nothing to wait for but descriptors.
  virtual base::Instant next_deadline() const = 0;
  // Early calls are harmless. Called too when paths may be opened again.
  virtual void on_time(base::Instant now) = 0;

  // For `vssctl status`: the door and where it stands, in one sentence.
  virtual std::string_view standing() const = 0;
};

// The requesters' ids that one link uses, one for each opening of its door. No control connection
// has such an id.
class HostIds {
 public:
  explicit HostIds(std::uint16_t link) : next_(kHost | std::uint64_t{link} << kLinkShift) {}
  coordinator::RequesterId next() { return {++next_}; }

  // Which link uses this id; nothing: it is no host's.
  static std::optional<std::uint16_t> link_of(coordinator::RequesterId id) {
    if ((id.value & kHost) == 0) return std::nullopt;
    return static_cast<std::uint16_t>((id.value & ~kHost) >> kLinkShift);
  }

 private:
  static constexpr std::uint64_t kHost = std::uint64_t{1} << 63;
  static constexpr unsigned kLinkShift = 48;
  std::uint64_t next_;
};

}  // namespace vss::requesters
