#include "hostsim/answer_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "hostsim/message.hpp"
#include "hostsim/vectors_for_test.hpp"

namespace hostsim {
namespace {

using vectors::bytes_of;
using vectors::freeze_of;

Bytes packet_in(std::string_view with_trailer) {
  Bytes packet = bytes_of(with_trailer);
  packet.resize(packet.size() - 8);
  return packet;
}

Received received_from(std::string_view with_trailer, std::uint32_t start) {
  const Bytes all = bytes_of(with_trailer);
  return {packet_in(with_trailer), load<std::uint64_t>(all, all.size() - 8), start};
}

const Bytes kHotBackup = packet_in(vectors::kHotBackupInRing);

TEST(AnswerCheck, AcceptsT2WithItsStaleTailAndT2bWithout) {
  const Bytes request = bytes_of(vectors::kNegotiate);
  Bytes answer = bytes_of(vectors::kNegotiated);
  EXPECT_THAT(check_answer(request, View(answer)).complaints, testing::IsEmpty());
  std::fill(answer.begin() + 0x3c, answer.end(), std::uint8_t{0});
  EXPECT_THAT(check_answer(request, View(answer)).complaints, testing::IsEmpty());
  answer[0x40] = 9;
  EXPECT_EQ(check_answer(request, View(answer)).complaints.size(), 1U);
}

TEST(AnswerCheck, AcceptsEveryAnswerOfTheVectors) {
  EXPECT_TRUE(
      check_answer(kHotBackup, View(bytes_of(vectors::kHotBackupAnswer))).complaints.empty());
  const Bytes freeze = freeze_of(vectors::kFreezeHead);
  Bytes frozen = freeze_of(vectors::kFreezeAnswerHead);
  EXPECT_TRUE(check_answer(freeze, View(frozen)).complaints.empty());
  store(frozen, kStatusAt, kStatusFail);  // T6f
  const Verdict failed = check_answer(freeze, View(frozen));
  EXPECT_TRUE(failed.complaints.empty());
  EXPECT_EQ(failed.status, kStatusFail);
  const Bytes thaw = bytes_of(vectors::kThaw);
  EXPECT_TRUE(
      check_answer(thaw, received_from(vectors::kThawAnswerInRing, 6480)).complaints.empty());
  EXPECT_TRUE(
      check_answer(thaw, received_from(vectors::kThawFailureInRing, 6568)).complaints.empty());
}

TEST(AnswerCheck, HvUtilsGivesTheHostItsOwnFlagsBackAndRefusesNothing) {
  Bytes answer = kHotBackup;
  store(answer, kExchangeFlagsAt, kAnswerFlags);
  EXPECT_THAT(check_answer(kHotBackup, View(answer), AnswersOf::kHvUtils).complaints,
              testing::IsEmpty());
  EXPECT_EQ(check_answer(kHotBackup, View(answer)).complaints.size(), 1U);
  const Bytes create = zeroed_packet({1, 1}, Operation::kCreate, kSmallBodyBytes);
  answer = create;
  store(answer, kExchangeFlagsAt, kAnswerFlags);
  EXPECT_THAT(check_answer(create, View(answer), AnswersOf::kHvUtils).complaints,
              testing::IsEmpty());
  EXPECT_EQ(check_answer(create, View(answer)).complaints.size(), 1U);
}

TEST(AnswerCheck, TrailerNamesWhereThePacketBegan) {
  const auto verdict =
      check_answer(bytes_of(vectors::kThaw), received_from(vectors::kThawAnswerInRing, 6488));
  ASSERT_EQ(verdict.complaints.size(), 1U);
  EXPECT_EQ(verdict.complaints[0], "trailer: 0x0000195000000000, not 0x0000195800000000");
}

struct Wrong {
  const char* complaint;
  std::function<void(Bytes&)> spoil;
};

class WrongAnswer : public testing::TestWithParam<Wrong> {};

TEST_P(WrongAnswer, IsComplainedAbout) {
  Bytes answer = bytes_of(vectors::kHotBackupAnswer);
  GetParam().spoil(answer);
  const auto complaints = check_answer(kHotBackup, View(answer)).complaints;
  ASSERT_EQ(complaints.size(), 1U);
  EXPECT_THAT(complaints[0], testing::StartsWith(GetParam().complaint));
}

template <class T>
Wrong wrong(const char* complaint, std::size_t offset, T value) {
  return {complaint, [=](Bytes& answer) { store(answer, offset, value); }};
}

INSTANTIATE_TEST_SUITE_P(
    Each, WrongAnswer,
    testing::Values(
        wrong<std::uint16_t>("packet type: 0x000b, not 0x0006", kTypeAt, 0xb),
        wrong<std::uint16_t>("payload offset", kOffset8At, 3),
        wrong<std::uint16_t>("packet flags", kFlagsAt, 1),
        wrong<std::uint64_t>("transaction id: 0xffffffffffffffff", kIdAt, UINT64_MAX),
        wrong<std::uint32_t>("pipe flags", kPipeFlagsAt, 2),
        wrong<std::uint32_t>("pipe message size", kPipeSizeAt, 0x30),
        wrong<std::uint16_t>("framework version", kFrameworkAt, 1),
        wrong<std::uint16_t>("message type", kMessageTypeAt, 4),
        wrong<std::uint16_t>("message version", kMessageVersionAt, 6),
        wrong<std::uint16_t>("body size", kBodySizeAt, 12),
        wrong<std::uint32_t>("status: 0x80070032, not 0x80004005", kStatusAt, 0x80070032),
        wrong<std::uint8_t>("ic transaction id", kExchangeIdAt, 2),
        wrong<std::uint8_t>("ic flags: 0x03, not 0x05", kExchangeFlagsAt, 3),
        wrong<std::uint16_t>("reserved bytes", kReservedAt, 1),
        wrong<std::uint8_t>("operation: 0x00, not 0x02", kOperationAt, 0),
        wrong<std::uint8_t>("operation's reserved bytes", kOperationAt + 3, 1),
        wrong<std::uint32_t>("body flags: 0x00000000, not 0x00000005", kOperationBodyAt, 0),
        wrong<std::uint8_t>("body: byte 0x4f", 0x4f, 1),
        Wrong{"packet length: 72 bytes, not 80", [](Bytes& answer) { answer.resize(72); }}));

Verdict verdict_on(Operation operation, std::uint32_t status) {
  const Bytes request = operation_packet({7, 7}, operation);
  Bytes answer = request;
  store(answer, kExchangeFlagsAt, kAnswerFlags);
  store(answer, kStatusAt, status);
  return check_answer(request, View(answer));
}

TEST(AnswerCheck, SomeOperationsHaveOneStatusOnly) {
  EXPECT_TRUE(verdict_on(Operation::kGetDmInfo, kStatusOk).complaints.empty());
  EXPECT_FALSE(verdict_on(Operation::kGetDmInfo, kStatusFail).complaints.empty());
  EXPECT_TRUE(verdict_on(Operation::kBuComplete, kStatusOk).complaints.empty());
  EXPECT_FALSE(verdict_on(Operation::kBuComplete, kStatusFail).complaints.empty());
  for (const int operation : {0, 1, 7, 8, 255}) {
    EXPECT_TRUE(verdict_on(static_cast<Operation>(operation), kStatusFail).complaints.empty());
    EXPECT_FALSE(verdict_on(static_cast<Operation>(operation), kStatusOk).complaints.empty());
  }
}

TEST(AnswerCheck, NegotiationTakesTheOlderFrameworkOnlyWithoutTheNewer) {
  const Bytes request = negotiate_packet({1, 0}, {{1, 0}}, {{5, 0}});
  Bytes answer = request;
  store(answer, kExchangeFlagsAt, kAnswerFlags);
  EXPECT_TRUE(check_answer(request, View(answer)).complaints.empty());
  store<std::uint16_t>(answer, kVersionsAt, 3);
  EXPECT_FALSE(check_answer(request, View(answer)).complaints.empty());
}

TEST(AnswerCheck, NegotiationWithoutMatchHasCountsOfZeroAndFails) {
  const Bytes request = negotiate_packet({1, 0}, {{3, 0}}, {{6, 0}});
  Bytes answer = request;
  store(answer, kExchangeFlagsAt, kAnswerFlags);
  EXPECT_FALSE(check_answer(request, View(answer)).complaints.empty());
  std::fill(answer.begin() + kVersionsAt, answer.end(), std::uint8_t{0});
  store<std::uint32_t>(answer, kFrameworkCountAt, 0);
  store(answer, kStatusAt, kStatusFail);
  EXPECT_TRUE(check_answer(request, View(answer)).complaints.empty());
}

}  // namespace
}  // namespace hostsim
