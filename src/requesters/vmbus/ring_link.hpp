// What every link over a ring has in common: its channel is opened, served, closed, opened again.
// How the memory and the signals come is the door's part (shared memory, UIO).
#pragma once

#include <optional>
#include <string>

#include "base/reopening.hpp"
#include "requesters/vmbus/channel.hpp"

namespace vss::requesters::vmbus {

// One thread; freeze-safe but for open_door().
class RingLink : public HostLink {
 public:
  // `name`: static text. `pause_max`: between two attempts to open the door.
  RingLink(HostLinkOwner& owner, std::uint16_t link, std::string_view name,
           base::Duration pause_max = base::Reopening::kLongest);

  void perform(const coordinator::Answer& answer) final;
  base::Instant next_deadline() const final;
  void on_time(base::Instant now) final;
  std::string_view standing() const final { return standing_.view(); }

 protected:
  virtual bool may_open_door() const = 0;  // now
  // Begins to open the door: opens by path. When it is open, perhaps later, the door calls
  // opened(); when it fails, close().
  virtual void open_door() = 0;
  virtual void close_door() = 0;
  // Must not block.
  virtual void signal_host() = 0;
  // How often the ring is looked at without a signal; zero: never.
  virtual base::Duration look_interval() const { return {}; }

  // From the door: `sending` is the ring to the host.
  void opened(Ring sending, Ring receiving);
  void look();  // the host signalled
  void close(std::string_view why);
  bool is_open() const { return channel_.has_value(); }
  const HostLinkOwner& owner() const { return owner_; }

 private:
  static constexpr base::Duration kOpeningAtMost = base::seconds{10};
  static constexpr base::Duration kAnswersWaitLook = base::milliseconds{100};
  static constexpr base::Duration kLogInterval = base::seconds{10};
  static constexpr int kLinesAtOnce = 4;

  using Text = base::FixedText<240>;

  void tell_ignored();
  void say(base::LogSeverity severity, std::string_view what);

  HostLinkOwner& owner_;
  HostIds ids_;
  const std::string_view name_;
  std::optional<Channel> channel_;
  bool opening_ = false;
  base::Reopening reopening_;
  base::Instant look_at_ = base::Instant::never();
  Text standing_;
  std::uint64_t ignored_told_ = 0;  // of this channel's ignored packets
  base::Instant said_at_;
  int said_lately_ = 0;  // in a row, without a pause of kLogInterval
  std::uint64_t unsaid_ = 0;
  Text last_said_;
};

}  // namespace vss::requesters::vmbus
