// The conversation over /dev/vmbus/hv_vss, from one opening of the device to its closing, without
// the device: what was read, written or refused goes in, what to do next comes out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.hpp"
#include "requesters/host_link.hpp"
#include "wire/hyperv/hv_vss_message.hpp"

namespace vss::requesters {

// The requester that speaks through this door.
inline constexpr std::string_view kHvUtilsName = "hyperv:hv_vss";

// How long a request may go unanswered, from its reading. Linux waits for 30 s, for a freeze for
// 900 s (drivers/hv/hv_snapshot.c: VSS_USERSPACE_TIMEOUT, VSS_FREEZE_TIMEOUT), counted from when it
// got the request. It takes whatever is written after that for the answer to the host's next
// request, since messages have no number; so these stay below, by what reading may take.
inline constexpr base::Duration kHvCheckLimit = base::seconds{28};
inline constexpr base::Duration kHvFreezeLimit = base::seconds{890};
inline constexpr base::Duration kHvThawLimit = base::seconds{28};

// Pure. Each call says what its caller has to do; after kClose the session is over.
class HvUtilsSession {
 public:
  struct Step {
    enum class Do : std::uint8_t {
      kWait,   // for the device, the coordinator or the deadline
      kWrite,  // `message`; then written() or write_failed()
      kAsk,    // the coordinator, for outstanding()
      kClose,  // the device, at once; `why` is half a sentence
    };
    Do what = Do::kWait;
    wire::HvVssMessage message{};
    std::string_view why{};                  // static text
    std::optional<HostExchange> exchange{};  // of written(): this request has its answer
  };

  struct Request {
    std::optional<wire::HvVssOperation> operation;  // nothing: one that no kernel sends
    std::uint32_t tag = 0;                          // ours: the kernel has no number
    base::Instant asked;
    base::Instant limit;  // from then on no answer may be written
  };

  // The device was opened.
  Step opened();

  // How many bytes to read next. The device refuses to give a message to a smaller buffer; a
  // terminal, which knows no messages, would give two to a larger one.
  std::size_t expects() const;
  Step received(std::span<const std::byte> bytes, base::Instant now);
  Step read_failed(int error);

  Step written(base::Instant now);
  Step write_failed(int error);

  // The coordinator's answer; one that is for no outstanding request changes nothing.
  // `another_waits`: the device has something to read, which while it waits for our answer can only
  // be the request that follows the one it gave up.
  Step answer(std::uint32_t tag, bool success, base::Instant now, bool another_waits);

  // Early calls are harmless.
  Step on_time(base::Instant now);
  base::Instant deadline() const;

  const std::optional<Request>& outstanding() const { return outstanding_; }
  bool registered() const { return registration_ == Registration::kDone; }

 private:
  enum class Registration : std::uint8_t {
    kWriting,
    kAwaited,  // written: the next message is the version
    kRefused,  // a request lies before it
    kDone,
  };

  Step take_version(std::span<const std::byte> bytes);
  Step take_request(std::span<const std::byte> bytes, base::Instant now);
  Step write_registration();
  Step write_answer(bool success);
  static Step close(std::string_view why);

  Registration registration_ = Registration::kWriting;
  bool version_outgrown_ = false;  // what waits where the version was expected is longer than it
  std::optional<Request> outstanding_;
  std::optional<bool> answering_;  // the answer that is being written
  std::uint32_t last_tag_ = 0;
};

}  // namespace vss::requesters
