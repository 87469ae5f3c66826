// The frame that every OpenVSS program speaks over SOCK_SEQPACKET: one packet, one frame.
//
//   offset  size  field
//        0     4  magic "VSSF"
//        4     2  version, 1
//        6     2  kind (FrameKind)
//        8     4  number of bytes after the message (the fields)
//       12     4  tag: chosen by who asks, echoed by who answers
//       16    64  DeviceMessage
//       80     …  fields: u16 type, u16 length, `length` bytes; no padding, any order
//
// Numbers are in the machine's byte order: a frame never leaves the machine. A receiver skips a
// field type it does not know, so fields can be added; a known field of the wrong length, a second
// occurrence of a field that is no list, a kind it does not know or a length that disagrees with
// the packet makes the whole frame malformed. Pure; allocates nothing; freeze-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "wire/device_message.hpp"

namespace vss::wire {

inline constexpr std::uint32_t kFrameMagic = 0x46535356;  // "VSSF"
inline constexpr std::uint16_t kFrameVersion = 1;
inline constexpr std::size_t kFrameHeaderBytes = 16;
inline constexpr std::size_t kFrameFixedBytes = kFrameHeaderBytes + sizeof(DeviceMessage);
inline constexpr std::size_t kFrameBytesMax = 65'536;

enum class FrameKind : std::uint16_t {
  // The device interface, answered as the ioctl or poll(2) would be. Client asks, server answers.
  kRead = 1,        // IOCHVVSSREAD
  kReadReply = 2,   //   message; status 1, id 0 when there is nothing to read
  kWrite = 3,       // IOCHVVSSWRITE with the message
  kWriteReply = 4,  //   always success, as the ioctl returns 0 for a late answer too
  kReady = 5,       // poll: the server answers with the same kind once a READ would find a message

  // A participant that registered (participant.hpp). From then on the server pushes events.
  kRegister = 16,    // participant → server
  kRegistered = 17,  // server → participant; may carry the thawed page (a descriptor)
  kEvent = 18,       // server → participant
  kReply = 19,       // participant → server
  kMoreTime = 20,    // participant → server; answered by kMoreTimeReply
  kMoreTimeReply = 21,
  kLate = 22,        // server → participant: your reply came too late or twice: roll back
  kThawedPage = 23,  // server → participant: carries the thawed page, when it was not yet known

  // Freezer only (filesystems.hpp).
  kDetail = 32,         // freezer → server: one mount or filesystem, its verdict
  kFreezerStatus = 33,  // freezer → server, unasked
  kPlan = 34,           // server → freezer: plan now; answered by kDetail… then kPlanEnd
  kPlanEnd = 35,

  // Control socket (control.hpp).
  kControlRequest = 48,  // vssctl → vssd
  kControlReply = 49,    // vssd → vssctl: the answer; closes the request unless it said otherwise
  kControlData = 50,     // vssd → vssctl: a piece of JSON text, in order, before the reply
  kControlNotice = 51,   // vssd → vssctl: the transaction of this connection changed
};

// Every field type of the channel, in one list, so that no number is used twice.
enum class FieldType : std::uint16_t {
  kName = 1,                // text: a participant's, requester's or program's name
  kReason = 2,              // text: one sentence for a person
  kRole = 3,                // u32
  kLevel = 4,               // u32
  kCriticality = 5,         // u32
  kTimeout = 6,             // u64 ns
  kTransaction = 7,         // u64
  kHoldDeadline = 8,        // u64 ns since boot
  kReplyDeadline = 9,       // u64 ns since boot
  kErrno = 10,              // u32
  kDuration = 11,           // u64 ns
  kSelection = 12,          // u32
  kPath = 13,               // text; a list
  kUnfreezablePolicy = 14,  // u32
  kExcludePattern = 15,     // text; a list
  kRequire = 16,            // u32
  kMetadata = 17,           // text; a list
  kSummary = 18,            // struct, filesystems.hpp
  kMountState = 19,         // struct, filesystems.hpp
  kFlags = 20,              // u32
  kProcessId = 21,          // u32
  kCommand = 22,            // u32
  kJson = 23,               // bytes; a piece
  kVersion = 24,            // text
  kFilesystemType = 25,     // text
  kSource = 26,             // text
  kMountPoint = 27,         // text
  kPhase = 28,              // u32
  kHoldBudget = 29,         // u64 ns
  kGrade = 30,              // u32
  kUuid = 31,               // text
  kLastThawed = 32,         // u64
  kNoticeKind = 33,         // u32
  kNote = 34,               // text
  kPreSync = 35,            // u32
  kStallBudget = 36,        // u64 ns
  kFlushReport = 37,        // struct, filesystems.hpp
};

// Why bytes are no frame. The text is for a log line that names the peer.
enum class FrameError : std::uint8_t {
  kTooShort,
  kTooLong,
  kBadMagic,
  kBadVersion,
  kUnknownKind,
  kLengthDisagrees,
  kBadField,
};
std::string_view to_text(FrameError error);

// A frame that was checked: every field lies within the packet, each known one has its type's
// length, and none but a list occurs twice. Views the caller's bytes.
struct FrameView {
  FrameKind kind{};
  std::uint32_t tag = 0;
  DeviceMessage message;
  std::span<const std::byte> fields;
};

// `packet` is one whole received packet; it must outlive the view.
std::expected<FrameView, FrameError> decode_frame(std::span<const std::byte> packet);

// One field of a checked frame.
struct Field {
  FieldType type{};
  std::span<const std::byte> value;

  std::string_view text() const {
    return {reinterpret_cast<const char*>(value.data()), value.size()};
  }
};

// Walks the fields of a checked frame in order. `next` returns false at the end.
class FieldReader {
 public:
  explicit FieldReader(std::span<const std::byte> fields) : rest_(fields) {}
  bool next(Field& field);

 private:
  std::span<const std::byte> rest_;
};

// Builds one frame in place. A field that does not fit is dropped and remembered: `complete()` is
// false, and the caller decides (texts are cut by their own limits before they come here).
// 64 KiB: returned by name, so that it is never copied; mind small stacks.
class FrameWriter {
 public:
  FrameWriter(FrameKind kind, std::uint32_t tag, const DeviceMessage& message = {});
  FrameWriter& add_u32(FieldType type, std::uint32_t value);
  FrameWriter& add_u64(FieldType type, std::uint64_t value);
  FrameWriter& add_text(FieldType type, std::string_view text);
  FrameWriter& add_bytes(FieldType type, std::span<const std::byte> bytes);
  bool complete() const { return complete_; }
  std::size_t bytes_left() const { return kFrameBytesMax - size_; }
  std::span<const std::byte> bytes();  // valid until the next add

 private:
  std::array<std::byte, kFrameBytesMax> buffer_;
  std::size_t size_ = kFrameFixedBytes;
  bool complete_ = true;
};

}  // namespace vss::wire
