#include "wire/frame.hpp"

#include <gmock/gmock.h>

#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "wire/participant.hpp"

namespace vss::wire {
namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes_of(FrameWriter frame) {
  const auto bytes = frame.bytes();
  return {bytes.begin(), bytes.end()};
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte b : bytes) {
    constexpr char digits[] = "0123456789abcdef";
    text += digits[std::to_integer<unsigned>(b) >> 4];
    text += digits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

void append_field(Bytes& frame, std::uint16_t type, std::uint16_t length, std::size_t present) {
  const std::uint16_t header[] = {type, length};
  const auto bytes = std::as_bytes(std::span{header});
  frame.insert(frame.end(), bytes.begin(), bytes.end());
  frame.resize(frame.size() + present);
  const auto field_bytes = static_cast<std::uint32_t>(frame.size() - kFrameFixedBytes);
  std::memcpy(frame.data() + 8, &field_bytes, sizeof field_bytes);
}

FrameError error_of(std::span<const std::byte> packet) {
  const auto frame = decode_frame(packet);
  EXPECT_FALSE(frame.has_value());
  return frame ? FrameError{} : frame.error();
}

TEST(DeviceMessage, IsLaidOutAsOnFreeBsd) {
  if constexpr (std::endian::native != std::endian::little) GTEST_SKIP();
  const DeviceMessage freeze{
      .operation = 2, .status = 0, .message_id = 0x17a1b2c3d4e5f607, .reserved = {}};
  EXPECT_EQ(hex(std::as_bytes(std::span{&freeze, 1})),
            "020000000000000007f6e5d4c3b2a117" + std::string(96, '0'));
}

TEST(Frame, HasItsBytesInPlace) {
  if constexpr (std::endian::native != std::endian::little) GTEST_SKIP();
  Reply reply;
  reply.operation = 2;
  reply.message_id = 0x17a1b2c3d4e5f607;
  reply.status = kStatusFail;
  reply.reason = "no";
  EXPECT_EQ(hex(bytes_of(make_frame(reply))),
            "56535346"
            "0100"
            "1300"
            "06000000"
            "00000000"  // magic, version, kind, length, tag
            "02000000"
            "01000000"
            "07f6e5d4c3b2a117" +        // operation, status, id
                std::string(96, '0') +  // reserved
                "0200"
                "0200"
                "6e6f");  // kReason, 2 bytes, "no"
}

TEST(Frame, GivesBackWhatWasWritten) {
  FrameWriter writer(FrameKind::kDetail, 7, {.operation = 4, .status = 1, .message_id = 9});
  writer.add_u32(FieldType::kLevel, 50)
      .add_u64(FieldType::kTimeout, 60)
      .add_text(FieldType::kName, "n");
  const Bytes packet = bytes_of(writer);
  const auto frame = decode_frame(packet);
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->kind, FrameKind::kDetail);
  EXPECT_EQ(frame->tag, 7u);
  EXPECT_EQ(frame->message, (DeviceMessage{.operation = 4, .status = 1, .message_id = 9}));
  FieldReader reader(frame->fields);
  std::vector<std::pair<FieldType, std::size_t>> fields;
  for (Field field; reader.next(field);)
    fields.emplace_back(field.type, field.value.size());
  EXPECT_THAT(fields, testing::ElementsAre(std::pair(FieldType::kLevel, 4u),
                                           std::pair(FieldType::kTimeout, 8u),
                                           std::pair(FieldType::kName, 1u)));
}

TEST(Frame, OfEveryLengthBelowTheFixedPartIsTooShort) {
  const Bytes packet = bytes_of(FrameWriter(FrameKind::kRead, 0));
  for (std::size_t length = 0; length < kFrameFixedBytes; ++length) {
    EXPECT_EQ(error_of(std::span{packet}.first(length)), FrameError::kTooShort) << length;
  }
}

TEST(Frame, PastTheLimitIsTooLong) {
  EXPECT_EQ(error_of(Bytes(kFrameBytesMax + 1)), FrameError::kTooLong);
}

TEST(Frame, WithAnotherBeginningIsRefused) {
  Bytes packet = bytes_of(FrameWriter(FrameKind::kRead, 0));
  packet[0] ^= std::byte{1};
  EXPECT_EQ(error_of(packet), FrameError::kBadMagic);
}

TEST(Frame, OfAnotherVersionIsRefused) {
  Bytes packet = bytes_of(FrameWriter(FrameKind::kRead, 0));
  packet[4] = std::byte{2};
  EXPECT_EQ(error_of(packet), FrameError::kBadVersion);
}

TEST(Frame, OfUnknownKindIsRefused) {
  for (const int kind : {0, 6, 15, 24, 31, 36, 47, 52, 255}) {
    EXPECT_EQ(error_of(bytes_of(FrameWriter(FrameKind{static_cast<std::uint16_t>(kind)}, 0))),
              FrameError::kUnknownKind)
        << kind;
  }
}

TEST(Frame, ThatLiesAboutItsLengthIsRefused) {
  Bytes packet = bytes_of(FrameWriter(FrameKind::kRead, 0));
  packet.push_back({});
  EXPECT_EQ(error_of(packet), FrameError::kLengthDisagrees);
  packet = bytes_of(FrameWriter(FrameKind::kRead, 0).add_u32(FieldType::kLevel, 1));
  packet.pop_back();
  EXPECT_EQ(error_of(packet), FrameError::kLengthDisagrees);
}

TEST(Frame, WhoseFieldReachesPastItsEndIsRefused) {
  Bytes packet = bytes_of(FrameWriter(FrameKind::kRead, 0));
  append_field(packet, 1, 5, 4);
  EXPECT_EQ(error_of(packet), FrameError::kBadField);
}

TEST(Frame, WithHalfAFieldHeaderIsRefused) {
  Bytes packet = bytes_of(FrameWriter(FrameKind::kRead, 0));
  packet.resize(packet.size() + 3);
  packet[8] = std::byte{3};
  EXPECT_EQ(error_of(packet), FrameError::kBadField);
}

TEST(Frame, WhoseKnownFieldHasTheWrongLengthIsRefused) {
  Bytes packet = bytes_of(FrameWriter(FrameKind::kRead, 0));
  append_field(packet, static_cast<std::uint16_t>(FieldType::kLevel), 8, 8);
  EXPECT_EQ(error_of(packet), FrameError::kBadField);
}

TEST(Frame, WithASingleFieldTwiceIsRefused) {
  FrameWriter twice(FrameKind::kRead, 0);
  twice.add_text(FieldType::kName, "a").add_text(FieldType::kName, "a");
  EXPECT_EQ(error_of(bytes_of(twice)), FrameError::kBadField);
}

TEST(Frame, MayRepeatAList) {
  FrameWriter twice(FrameKind::kRead, 0);
  twice.add_text(FieldType::kPath, "/a").add_text(FieldType::kPath, "/a");
  EXPECT_TRUE(decode_frame(bytes_of(twice)).has_value());
}

TEST(Frame, MayCarryAFieldOfAVersionToCome) {
  Bytes packet = bytes_of(FrameWriter(FrameKind::kRead, 0));
  append_field(packet, 60'000, 3, 3);
  append_field(packet, 60'000, 0, 0);
  EXPECT_TRUE(decode_frame(packet).has_value());
}

TEST(FrameWriter, RemembersThatAFieldDidNotFit) {
  FrameWriter writer(FrameKind::kControlData, 0);
  const std::string half(40'000, 'x');
  EXPECT_TRUE(writer.add_text(FieldType::kJson, half).complete());
  EXPECT_FALSE(writer.add_text(FieldType::kName, half).complete());
  const auto frame = decode_frame(writer.bytes());
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->fields.size(), 4 + half.size());
}

TEST(FrameWriter, FillsAFrameToTheLastByte) {
  FrameWriter writer(FrameKind::kControlData, 0);
  const std::string rest(writer.bytes_left() - 4, 'x');
  EXPECT_TRUE(writer.add_text(FieldType::kJson, rest).complete());
  EXPECT_EQ(writer.bytes().size(), kFrameBytesMax);
  EXPECT_TRUE(decode_frame(writer.bytes()).has_value());
}

TEST(FrameError, HasATextForEachValue) {
  for (int i = 0; i <= static_cast<int>(FrameError::kBadField); ++i) {
    EXPECT_NE(to_text(FrameError{static_cast<std::uint8_t>(i)}), "is malformed");
  }
}

}  // namespace
}  // namespace vss::wire
