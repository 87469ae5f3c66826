// Bodies of the frames between vssd and a registered participant (a writer or the freezer).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "base/fixed_text.hpp"
#include "base/fixed_vector.hpp"
#include "base/identity.hpp"
#include "base/limits.hpp"
#include "base/time.hpp"
#include "wire/filesystems.hpp"
#include "wire/frame.hpp"

namespace vss::wire {

using Name = base::FixedText<base::kNameBytesMax>;
using Reason = base::FixedText<base::kReasonBytesMax>;

enum class Role : std::uint32_t { kWriter = 0, kFreezer = 1 };
enum class Criticality : std::uint32_t { kRequired = 0, kOptional = 1 };

// kRegister. What is not sent takes its default; configuration may override or limit all of it.
struct Registration {
  Role role = Role::kWriter;
  Name name;                        // required; printable, no '/', no control bytes
  int level = base::kLevelDefault;  // 0–999
  Criticality criticality = Criticality::kRequired;
  base::Duration timeout{0};                    // for each CHECK, FREEZE, THAW; 0: the default
  std::optional<FreezerStatus> freezer_status;  // role freezer: where it stands at this moment
  base::FixedText<32> version;                  // of the participant's program; may be empty
};

// kRegistered. `message.status` is kStatusSuccess or kStatusFail; then `reason` says why.
struct RegistrationReply {
  std::uint32_t status = kStatusSuccess;
  base::Duration timeout{0};  // what was granted
  Reason reason;
};

// kEvent. `message.operation` and `message.message_id` name it; the answer repeats both.
struct Event {
  Operation operation{};
  std::uint64_t message_id = 0;
  base::TransactionId transaction;
  base::Instant reply_deadline = base::Instant::never();
  base::Instant hold_deadline = base::Instant::never();  // set from FREEZE on
};

// kReply.
struct Reply {
  std::uint32_t operation = 0;  // as sent: a wrong one is answered kLate
  std::uint64_t message_id = 0;
  std::uint32_t status = kStatusSuccess;
  Reason reason;                             // why not, when status is not success
  std::optional<FilesystemSummary> summary;  // freezer only
  bool clean = false;  // freezer: nothing of this or any transaction is left; the next may begin
};

// kMoreTime and kMoreTimeReply: how much longer the answer to `message_id` may take, from now, and
// how much was granted (0: none).
struct MoreTime {
  std::uint64_t message_id = 0;
  base::Duration duration{0};
};

// Each makes the whole frame, and each decoder takes a frame of its kind only.
FrameWriter make_frame(const Registration&, std::uint32_t tag = 0);
FrameWriter make_frame(const RegistrationReply&, std::uint32_t tag = 0);
FrameWriter make_frame(const Event&);
// To the freezer, in CHECK and PREPARE: the event and what is asked of it
// (decode_filesystem_request).
FrameWriter make_frame(const Event&, const FilesystemRequest&);
FrameWriter make_frame(const Reply&);
FrameWriter make_more_time(const MoreTime&);
FrameWriter make_more_time_reply(const MoreTime&);
FrameWriter make_late(std::uint32_t operation, std::uint64_t message_id);

std::expected<Registration, FrameError> decode_registration(const FrameView&);
std::expected<RegistrationReply, FrameError> decode_registration_reply(const FrameView&);
std::expected<Event, FrameError> decode_event(const FrameView&);
std::expected<Reply, FrameError> decode_reply(const FrameView&);
std::expected<MoreTime, FrameError> decode_more_time(const FrameView&);  // either kind

}  // namespace vss::wire
