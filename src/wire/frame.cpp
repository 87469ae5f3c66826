#include "wire/frame.hpp"

#include <cstring>
#include <limits>

#include "base/assert.hpp"

namespace vss::wire {
namespace {

struct Header {
  std::uint32_t magic = kFrameMagic;
  std::uint16_t version = kFrameVersion;
  std::uint16_t kind = 0;
  std::uint32_t field_bytes = 0;
  std::uint32_t tag = 0;
};
static_assert(sizeof(Header) == kFrameHeaderBytes);

struct FieldHeader {
  std::uint16_t type = 0;
  std::uint16_t length = 0;
};
static_assert(sizeof(FieldHeader) == 4);

bool is_known(FrameKind kind) {
  switch (kind) {
    case FrameKind::kRead:
    case FrameKind::kReadReply:
    case FrameKind::kWrite:
    case FrameKind::kWriteReply:
    case FrameKind::kReady:
    case FrameKind::kRegister:
    case FrameKind::kRegistered:
    case FrameKind::kEvent:
    case FrameKind::kReply:
    case FrameKind::kMoreTime:
    case FrameKind::kMoreTimeReply:
    case FrameKind::kLate:
    case FrameKind::kThawedPage:
    case FrameKind::kDetail:
    case FrameKind::kFreezerStatus:
    case FrameKind::kPlan:
    case FrameKind::kPlanEnd:
    case FrameKind::kControlRequest:
    case FrameKind::kControlReply:
    case FrameKind::kControlData:
    case FrameKind::kControlNotice: return true;
  }
  return false;
}

// What may stand in a field of a type. `length` 0: any.
struct Shape {
  bool known = true;
  std::size_t length = 0;
  bool list = false;
};

Shape shape_of(FieldType type) {
  switch (type) {
    case FieldType::kRole:
    case FieldType::kLevel:
    case FieldType::kCriticality:
    case FieldType::kErrno:
    case FieldType::kSelection:
    case FieldType::kUnfreezablePolicy:
    case FieldType::kRequire:
    case FieldType::kFlags:
    case FieldType::kProcessId:
    case FieldType::kCommand:
    case FieldType::kPhase:
    case FieldType::kGrade:
    case FieldType::kNoticeKind:
    case FieldType::kPreSync: return {.length = sizeof(std::uint32_t)};
    case FieldType::kTimeout:
    case FieldType::kTransaction:
    case FieldType::kHoldDeadline:
    case FieldType::kReplyDeadline:
    case FieldType::kDuration:
    case FieldType::kHoldBudget:
    case FieldType::kStallBudget:
    case FieldType::kLastThawed: return {.length = sizeof(std::uint64_t)};
    case FieldType::kSummary: return {.length = 40};
    case FieldType::kMountState:
    case FieldType::kFlushReport: return {.length = 56};
    case FieldType::kPath:
    case FieldType::kExcludePattern:
    case FieldType::kMetadata: return {.list = true};
    case FieldType::kName:
    case FieldType::kReason:
    case FieldType::kJson:
    case FieldType::kVersion:
    case FieldType::kFilesystemType:
    case FieldType::kSource:
    case FieldType::kMountPoint:
    case FieldType::kUuid:
    case FieldType::kNote: return {};
  }
  return {.known = false};
}

static_assert(static_cast<unsigned>(FieldType::kFlushReport) < 64,
              "`seen` below has one bit per type");

bool fields_are_good(std::span<const std::byte> rest) {
  std::uint64_t seen = 0;
  while (!rest.empty()) {
    FieldHeader header;
    if (rest.size() < sizeof header) return false;
    std::memcpy(&header, rest.data(), sizeof header);
    rest = rest.subspan(sizeof header);
    if (header.length > rest.size()) return false;
    rest = rest.subspan(header.length);
    const Shape shape = shape_of(FieldType{header.type});
    if (!shape.known) continue;
    if (shape.length != 0 && shape.length != header.length) return false;
    const std::uint64_t bit = std::uint64_t{1} << header.type;
    if (!shape.list && (seen & bit) != 0) return false;
    seen |= bit;
  }
  return true;
}

}  // namespace

std::string_view to_text(FrameError error) {
  switch (error) {
    case FrameError::kTooShort: return "shorter than a frame's fixed part";
    case FrameError::kTooLong: return "longer than a frame may be";
    case FrameError::kBadMagic: return "does not begin like a frame";
    case FrameError::kBadVersion: return "has another version of the protocol";
    case FrameError::kUnknownKind: return "is of a kind that is not expected here";
    case FrameError::kLengthDisagrees: return "has another length than it says";
    case FrameError::kBadField: return "has a bad, repeated or missing field";
  }
  return "is malformed";
}

std::expected<FrameView, FrameError> decode_frame(std::span<const std::byte> packet) {
  if (packet.size() < kFrameFixedBytes) return std::unexpected(FrameError::kTooShort);
  if (packet.size() > kFrameBytesMax) return std::unexpected(FrameError::kTooLong);
  Header header;
  std::memcpy(&header, packet.data(), sizeof header);
  if (header.magic != kFrameMagic) return std::unexpected(FrameError::kBadMagic);
  if (header.version != kFrameVersion) return std::unexpected(FrameError::kBadVersion);
  if (!is_known(FrameKind{header.kind})) return std::unexpected(FrameError::kUnknownKind);
  if (header.field_bytes != packet.size() - kFrameFixedBytes) {
    return std::unexpected(FrameError::kLengthDisagrees);
  }
  FrameView view{FrameKind{header.kind}, header.tag, {}, packet.subspan(kFrameFixedBytes)};
  std::memcpy(&view.message, packet.data() + kFrameHeaderBytes, sizeof view.message);
  if (!fields_are_good(view.fields)) return std::unexpected(FrameError::kBadField);
  return view;
}

bool FieldReader::next(Field& field) {
  FieldHeader header;
  if (rest_.size() < sizeof header) return false;
  std::memcpy(&header, rest_.data(), sizeof header);
  VSS_ASSERT(header.length <= rest_.size() - sizeof header);  // decode_frame saw to it
  field = {FieldType{header.type}, rest_.subspan(sizeof header, header.length)};
  rest_ = rest_.subspan(sizeof header + header.length);
  return true;
}

FrameWriter::FrameWriter(FrameKind kind, std::uint32_t tag, const DeviceMessage& message) {
  const Header header{.kind = static_cast<std::uint16_t>(kind), .tag = tag};
  std::memcpy(buffer_.data(), &header, sizeof header);
  std::memcpy(buffer_.data() + kFrameHeaderBytes, &message, sizeof message);
}

FrameWriter& FrameWriter::add_u32(FieldType type, std::uint32_t value) {
  return add_bytes(type, std::as_bytes(std::span{&value, 1}));
}

FrameWriter& FrameWriter::add_u64(FieldType type, std::uint64_t value) {
  return add_bytes(type, std::as_bytes(std::span{&value, 1}));
}

FrameWriter& FrameWriter::add_text(FieldType type, std::string_view text) {
  return add_bytes(type, std::as_bytes(std::span{text.data(), text.size()}));
}

FrameWriter& FrameWriter::add_bytes(FieldType type, std::span<const std::byte> bytes) {
  const bool too_long = bytes.size() > std::numeric_limits<std::uint16_t>::max();
  if (too_long || sizeof(FieldHeader) + bytes.size() > bytes_left()) {
    complete_ = false;
    return *this;
  }
  const FieldHeader header{static_cast<std::uint16_t>(type),
                           static_cast<std::uint16_t>(bytes.size())};
  std::memcpy(buffer_.data() + size_, &header, sizeof header);
  size_ += sizeof header;
  if (!bytes.empty()) std::memcpy(buffer_.data() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return *this;
}

std::span<const std::byte> FrameWriter::bytes() {
  const auto field_bytes = static_cast<std::uint32_t>(size_ - kFrameFixedBytes);
  std::memcpy(buffer_.data() + offsetof(Header, field_bytes), &field_bytes, sizeof field_bytes);
  return std::span{buffer_}.first(size_);
}

}  // namespace vss::wire
