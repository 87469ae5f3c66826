#include "wire/hyperv/hv_vss_message.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace vss::wire {
namespace {

using Bytes = std::vector<std::byte>;

// The first bytes are given, the rest is zero.
Bytes message_of(std::initializer_list<unsigned> first, std::size_t size = kHvVssMessageBytes) {
  Bytes bytes;
  for (const unsigned value : first)
    bytes.push_back(static_cast<std::byte>(value));
  bytes.resize(size);
  return bytes;
}

Bytes bytes_of(const HvVssMessage& message) {
  return {message.begin(), message.end()};
}

TEST(HvVssMessage, RegistersAsTheKernelExpects) {
  EXPECT_EQ(bytes_of(make_hv_vss_registration()), message_of({0x81}));
}

TEST(HvVssMessage, ReadsTheVersion) {
  EXPECT_EQ(read_hv_vss_version(message_of({0x81}, 4)), kHvVssVersion);
  EXPECT_EQ(read_hv_vss_version(message_of({1, 2, 3, 4}, 4)), 0x04030201U);
}

TEST(HvVssMessage, ReadsTheHostsThreeRequests) {
  EXPECT_EQ(read_hv_vss_request(message_of({2}))->operation(), HvVssOperation::kHotBackup);
  EXPECT_EQ(read_hv_vss_request(message_of({5}))->operation(), HvVssOperation::kFreeze);
  EXPECT_EQ(read_hv_vss_request(message_of({6}))->operation(), HvVssOperation::kThaw);
}

TEST(HvVssMessage, KnowsNoOtherOperation) {
  for (const unsigned raw : {0U, 1U, 3U, 4U, 7U, 8U, 128U, 129U, 255U}) {
    const auto request = read_hv_vss_request(message_of({raw}));
    ASSERT_TRUE(request) << raw;
    EXPECT_EQ(request->operation_raw, raw);
    EXPECT_FALSE(request->operation()) << raw;
  }
}

TEST(HvVssMessage, DoesNotLookAtTheRestOfARequest) {
  EXPECT_EQ(read_hv_vss_request(message_of({5, 0xff, 0xff, 0xff, 0xff}))->operation(),
            HvVssOperation::kFreeze);
}

TEST(HvVssMessage, AnswersSuccessWithNothingButZeros) {
  EXPECT_EQ(bytes_of(make_hv_vss_answer(true)), message_of({}));
}

TEST(HvVssMessage, AnswersFailureWithTheOneCodeThatIsNoRegistration) {
  EXPECT_EQ(bytes_of(make_hv_vss_answer(false)), message_of({0x05, 0x40, 0x00, 0x80}));
}

TEST(HvVssMessage, RefusesEveryOtherLength) {
  for (const std::size_t size : {0U, 1U, 3U, 5U, 11U, 13U, 16U, 24U, 64U}) {
    EXPECT_FALSE(read_hv_vss_request(Bytes(size))) << size;
    EXPECT_FALSE(read_hv_vss_version(Bytes(size))) << size;
  }
  EXPECT_FALSE(read_hv_vss_request(Bytes(4)));
  EXPECT_FALSE(read_hv_vss_version(Bytes(12)));
}

TEST(HvVssMessage, CallsRequestsByTheHostsNames) {
  EXPECT_EQ(to_text(HvVssOperation::kHotBackup), "HOT_BACKUP");
  EXPECT_EQ(to_text(HvVssOperation::kFreeze), "FREEZE");
  EXPECT_EQ(to_text(HvVssOperation::kThaw), "THAW");
}

}  // namespace
}  // namespace vss::wire
