// The coordinator's words: who takes part, in which phase, with what result.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

#include "base/fixed_text.hpp"
#include "base/identity.hpp"
#include "base/limits.hpp"
#include "base/time.hpp"

namespace vss::coordinator {

using base::Duration;
using base::Instant;
using base::TransactionId;
using Name = base::FixedText<base::kNameBytesMax>;
using Reason = base::FixedText<base::kReasonBytesMax>;

// A participant's place in the coordinator's table and how often that place was used before, so
// that news of a connection that is gone never hits the one that took its place.
struct ParticipantId {
  std::uint32_t index = 0;
  std::uint32_t use = 0;  // 0: nobody
  friend constexpr auto operator<=>(ParticipantId, ParticipantId) = default;
};

// Who asks: one link or one control connection; chosen by the driver, never reused while open.
struct RequesterId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(RequesterId, RequesterId) = default;
};

enum class RequesterKind : std::uint8_t { kHyperV, kQemuAgent, kLocal };
inline constexpr std::size_t kRequesterKinds = 3;

enum class Operation : std::uint8_t { kCheck, kPrepare, kFreeze, kThaw, kAbort };
// The number of an operation in a participant's message (wire::Operation has the same numbers):
// what Answered::operation_raw is compared with.
constexpr std::uint32_t operation_raw(Operation operation) {
  constexpr std::array<std::uint32_t, 5> kNumbers{1, 4, 2, 3, 5};
  return kNumbers[static_cast<std::size_t>(operation)];
}
enum class Criticality : std::uint8_t { kRequired, kOptional };
enum class Selection : std::uint8_t { kAll, kNone, kPaths };
enum class Grade : std::uint8_t { kCrash, kFilesystem, kApplication };  // ascending

// Where the one open transaction stands. Level by level within a phase is not a phase of its own:
// the table in transitions.cpp says what a phase does with each trigger.
enum class Phase : std::uint8_t {
  kIdle,
  kCheck,          // writers by ascending level, then the freezer
  kPrepare,        // writers by ascending level, then the freezer
  kFreezeWriters,  // by ascending level
  kSeal,           // between the last writer and the filesystems; empty today
  kFreezeFilesystems,
  kHeld,
  kThawFilesystems,   // the requester's THAW or the deadline
  kThawWriters,       // by descending level
  kAbortFilesystems,  // the same going up, told as ABORT to registered participants
  kAbortWriters,
};
inline constexpr std::size_t kPhases = 11;

std::string_view to_text(Phase phase);
std::string_view to_text(Operation operation);
std::string_view to_text(Grade grade);
std::string_view to_text(RequesterKind kind);

}  // namespace vss::coordinator
