#include "wire/hyperv/ic_message.hpp"

#include <gmock/gmock.h>

#include "wire/hyperv/little_endian.hpp"
#include "wire/hyperv/vectors_for_test.hpp"
#include "wire/hyperv/vss_message.hpp"

namespace vss::wire::hyperv {
namespace {

using testing::ElementsAreArray;
using vectors::Bytes;

Bytes payload_of(const Bytes& packet) {
  const auto payload = vectors::payload(packet);
  return {payload.begin(), payload.end()};
}

// A negotiation that offers these versions, major numbers only.
Bytes negotiation(std::initializer_list<int> frameworks, std::initializer_list<int> messages) {
  Bytes payload(36 + 4 * (frameworks.size() + messages.size()));
  put(std::span{payload}, 0, std::uint32_t{1});
  put(std::span{payload}, 4, static_cast<std::uint32_t>(payload.size() - 8));
  put(std::span{payload}, 28, static_cast<std::uint16_t>(frameworks.size()));
  put(std::span{payload}, 30, static_cast<std::uint16_t>(messages.size()));
  std::size_t at = 36;
  for (const auto& list : {frameworks, messages}) {
    for (const int major : list) {
      put(std::span{payload}, at, static_cast<std::uint16_t>(major));
      at += 4;
    }
  }
  return payload;
}

TEST(IcMessage, NegotiationIsAnsweredByteForByte) {
  Bytes payload = payload_of(vectors::kNegotiate);
  const auto negotiated = negotiate_in_place(payload);
  ASSERT_TRUE(negotiated);
  EXPECT_TRUE(negotiated->agreed);
  EXPECT_EQ(negotiated->framework, (IcVersion{3, 0}));
  EXPECT_EQ(negotiated->message, (IcVersion{5, 0}));
  EXPECT_THAT(payload, ElementsAreArray(vectors::payload(vectors::kNegotiateAnswer)));
}

TEST(IcMessage, OldestFrameworkIsTakenWhereThereIsNoBetter) {
  Bytes payload = negotiation({1}, {5});
  EXPECT_EQ(negotiate_in_place(payload)->framework, (IcVersion{1, 0}));
}

TEST(IcMessage, NoCommonVersionIsFailureWithNoVersion) {
  for (Bytes payload : {negotiation({1, 3}, {4, 6}), negotiation({2}, {5}), negotiation({}, {5}),
                        negotiation({3}, {}), negotiation({}, {})}) {
    const std::size_t size = payload.size();
    const auto negotiated = negotiate_in_place(payload);
    ASSERT_TRUE(negotiated);
    EXPECT_FALSE(negotiated->agreed);
    EXPECT_EQ(payload.size(), size);
    EXPECT_EQ(get<std::uint32_t>(payload, 20), kStatusFail);
    EXPECT_EQ(get<std::uint8_t>(payload, 25), 5);
    for (std::size_t i = 28; i < size; ++i)
      EXPECT_EQ(payload[i], std::byte{0}) << i;
  }
}

TEST(IcMessage, VersionsBeyondThePayloadGetNoAnswer) {
  Bytes payload = negotiation({3}, {5});
  put(std::span{payload}, 28, std::uint16_t{0xffff});
  EXPECT_EQ(negotiate_in_place(payload).error(), IcFault::kTooShort);
  put(std::span{payload}, 30, std::uint16_t{0xffff});
  EXPECT_EQ(negotiate_in_place(payload).error(), IcFault::kTooShort);
  payload = negotiation({3}, {5});
  put(std::span{payload}, 30, std::uint16_t{2});
  EXPECT_EQ(negotiate_in_place(payload).error(), IcFault::kTooShort);
}

TEST(IcMessage, HeaderNeedsTwentyEightBytes) {
  const Bytes payload = payload_of(vectors::kThaw);
  EXPECT_TRUE(decode_ic_header(std::span{payload}.first(28)));
  EXPECT_EQ(decode_ic_header(std::span{payload}.first(27)).error(), IcFault::kTooShort);
  EXPECT_EQ(decode_ic_header({}).error(), IcFault::kTooShort);
}

TEST(IcMessage, PipeMayClaimLessThanThePayloadButNotMore) {
  Bytes payload = payload_of(vectors::kThaw);
  put(std::span{payload}, 4, std::uint32_t{19});
  EXPECT_EQ(decode_ic_header(payload).error(), IcFault::kTooShort);
  put(std::span{payload}, 4, std::uint32_t{20});
  EXPECT_EQ(decode_ic_header(payload)->length, 28U);
  put(std::span{payload}, 4, std::uint32_t{0xffff'ffff});
  EXPECT_EQ(decode_ic_header(payload)->length, payload.size());
}

TEST(IcMessage, OtherServicesAreNotAnswered) {
  Bytes payload = payload_of(vectors::kThaw);
  for (const int type : {1, 2, 3, 4, 6, 7, 8, 0xffff}) {
    put(std::span{payload}, 12, static_cast<std::uint16_t>(type));
    EXPECT_EQ(decode_ic_header(payload).error(), IcFault::kWrongType) << type;
  }
}

TEST(VssMessage, NeedsItsFlags) {
  const Bytes payload = payload_of(vectors::kHotBackupShortest);
  EXPECT_EQ(decode_vss_operation(payload, 40), VssOperation::kHotBackup);
  EXPECT_EQ(decode_vss_operation(payload, 39).error(), IcFault::kTooShort);
}

TEST(VssMessage, EveryOperationHasItsName) {
  Bytes payload = payload_of(vectors::kHotBackupShortest);
  const auto name = [&](int operation) {
    payload[28] = static_cast<std::byte>(operation);
    return to_text(*decode_vss_operation(payload, payload.size()));
  };
  EXPECT_EQ(name(0), "CREATE");
  EXPECT_EQ(name(1), "DELETE");
  EXPECT_EQ(name(2), "HOT_BACKUP");
  EXPECT_EQ(name(3), "GET_DM_INFO");
  EXPECT_EQ(name(4), "BU_COMPLETE");
  EXPECT_EQ(name(5), "FREEZE");
  EXPECT_EQ(name(6), "THAW");
  EXPECT_EQ(name(7), "AUTO_RECOVER");
  EXPECT_EQ(name(8), "unknown operation");
  EXPECT_EQ(name(255), "unknown operation");
}

TEST(VssMessage, AnswersAreByteForByte) {
  Bytes freeze = payload_of(vectors::kFreeze);
  answer_in_place(freeze, kStatusOk);
  EXPECT_THAT(freeze, ElementsAreArray(vectors::payload(vectors::kFreezeAnswer)));
  answer_in_place(freeze, kStatusFail);
  EXPECT_THAT(freeze, ElementsAreArray(vectors::payload(vectors::kFreezeFailed)));
  Bytes check = payload_of(vectors::kHotBackup);
  answer_in_place(check, kStatusOk);
  put_vss_flags(check, kHotBackupFlags);
  EXPECT_THAT(check, ElementsAreArray(vectors::payload(vectors::kHotBackupAnswer)));
}

}  // namespace
}  // namespace vss::wire::hyperv
