// The door of a Linux guest to Hyper-V's backup channel: /dev/vmbus/hv_vss, behind which the
// kernel's hv_utils speaks with the host.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fixed_text.hpp"
#include "base/reopening.hpp"
#include "platform/event_loop.hpp"
#include "platform/message_device.hpp"
#include "requesters/host_link.hpp"
#include "requesters/hv_utils/session.hpp"

namespace vss::requesters {

// The requester "hyperv:hv_vss". Opens the device in its first on_time(), never in the constructor;
// closes it at once, also in a hold, when the kernel removes it (the removal waits for that) or
// when an answer would come too late to be told from the next one. All on the loop's thread;
// nothing here blocks; freeze-safe, since it opens only where the owner allows it.
class HvUtilsLink final : public HostLink {
 public:
  HvUtilsLink(platform::EventLoop& loop, HostLinkOwner& owner, std::uint16_t link_number,
              std::string device_path,
              platform::OpenMessageDevice open = platform::open_message_device);
  // Closes the device without a word to the owner: the kernel fails what it still waits for.
  ~HvUtilsLink() override;
  HvUtilsLink(const HvUtilsLink&) = delete;
  HvUtilsLink& operator=(const HvUtilsLink&) = delete;

  void perform(const coordinator::Answer& answer) override;
  base::Instant next_deadline() const override;
  void on_time(base::Instant now) override;
  std::string_view standing() const override { return standing_; }

 private:
  struct Opening;  // the device while it is open

  void open_device(base::Instant now);
  void on_readable();
  void follow(HvUtilsSession::Step step);
  HvUtilsSession::Step write(const wire::HvVssMessage& message);
  void ask();
  void close(std::string_view why);
  void say_open();
  void say_why_not(const base::Error& error);
  void say_closed(std::string_view why, base::Instant now);
  void log(base::LogSeverity severity, std::string_view what);
  void stand(std::string_view how);

  platform::EventLoop& loop_;
  HostLinkOwner& owner_;
  HostIds ids_;
  std::string path_;
  platform::OpenMessageDevice open_;
  base::Reopening reopening_;
  std::unique_ptr<Opening> opening_;
  bool open_said_ = false;
  int last_open_error_ = 0;          // what was said last about a device that does not open
  std::string_view closing_reason_;  // static text, as logged last
  base::Instant closing_said_;
  std::uint64_t closings_unsaid_ = 0;
  base::FixedText<480> standing_;
};

}  // namespace vss::requesters
