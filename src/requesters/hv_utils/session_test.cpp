#include "requesters/hv_utils/session.hpp"

#include <errno.h>
#include <gtest/gtest.h>

#include <vector>

namespace vss::requesters {
namespace {

using base::milliseconds;
using base::seconds;
using Do = HvUtilsSession::Step::Do;
using Bytes = std::vector<std::byte>;

constexpr base::Instant kStart{1'000'000'000'000};
constexpr int kHotBackup = 2, kFreeze = 5, kThaw = 6;

Bytes message(int first, std::size_t size = 12) {
  Bytes bytes(size);
  bytes[0] = static_cast<std::byte>(first);
  return bytes;
}

class HvUtilsSessionTest : public testing::Test {
 protected:
  // As far as the version.
  void open() {
    EXPECT_EQ(session_.opened().what, Do::kWrite);
    EXPECT_EQ(session_.written(kStart).what, Do::kWait);
  }
  void register_it() {
    open();
    EXPECT_EQ(session_.received(message(129, 4), kStart).what, Do::kWait);
    ASSERT_TRUE(session_.registered());
  }
  std::uint32_t ask(int operation, base::Instant now = kStart) {
    EXPECT_EQ(session_.received(message(operation), now).what, Do::kAsk);
    return session_.outstanding()->tag;
  }
  HvUtilsSession::Step answer(std::uint32_t tag, base::Instant now, bool another_waits = false) {
    return session_.answer(tag, true, now, another_waits);
  }

  HvUtilsSession session_;
};

TEST_F(HvUtilsSessionTest, ReadsTheVersionAloneAndThenWholeMessages) {
  EXPECT_EQ(session_.opened().message, wire::make_hv_vss_registration());
  session_.written(kStart);
  EXPECT_FALSE(session_.registered());
  EXPECT_EQ(session_.expects(), 4U);
  session_.received(message(129, 4), kStart);
  EXPECT_TRUE(session_.registered());
  EXPECT_EQ(session_.expects(), 12U);
}

TEST_F(HvUtilsSessionTest, RefusesAVersionThatItDoesNotKnow) {
  open();
  EXPECT_EQ(session_.received(message(130, 4), kStart).what, Do::kClose);
}

TEST_F(HvUtilsSessionTest, ReadsARequestThatLiesBeforeItsRegistration) {
  for (const int refusal : {EINVAL, EFAULT}) {
    session_ = {};
    session_.opened();
    EXPECT_EQ(session_.write_failed(refusal).what, Do::kWait);
    EXPECT_EQ(session_.expects(), 12U);
    const auto tag = ask(kFreeze);
    EXPECT_EQ(answer(tag, kStart).message, wire::make_hv_vss_answer(true));
    const auto next = session_.written(kStart);
    EXPECT_EQ(next.what, Do::kWrite);
    EXPECT_EQ(next.message, wire::make_hv_vss_registration());
    ASSERT_TRUE(next.exchange);
    EXPECT_EQ(next.exchange->request, "FREEZE");
    session_.written(kStart);
    session_.received(message(129, 4), kStart);
    EXPECT_TRUE(session_.registered());
  }
}

TEST_F(HvUtilsSessionTest, MakesRoomForARequestWhereTheVersionWasExpected) {
  open();
  EXPECT_EQ(session_.read_failed(EINVAL).what, Do::kWait);  // too small a buffer
  EXPECT_EQ(session_.expects(), 12U);
  const auto tag = ask(kHotBackup);
  EXPECT_EQ(session_.expects(), 4U);
  answer(tag, kStart);
  EXPECT_EQ(session_.written(kStart).what, Do::kWait);
}

TEST_F(HvUtilsSessionTest, ClosesOnAMessageThatNoBufferHolds) {
  register_it();
  EXPECT_EQ(session_.read_failed(EINVAL).what, Do::kClose);
}

TEST_F(HvUtilsSessionTest, WaitsForEachRequestUntilJustBelowTheKernelsLimit) {
  register_it();
  const std::pair<int, base::Duration> limits[] = {
      {kHotBackup, seconds{28}}, {kFreeze, seconds{890}}, {kThaw, seconds{28}}};
  for (const auto& [operation, limit] : limits) {
    const auto tag = ask(operation);
    EXPECT_EQ(session_.deadline(), kStart + limit);
    EXPECT_EQ(session_.on_time(kStart + limit - milliseconds{1}).what, Do::kWait);
    EXPECT_EQ(session_.on_time(kStart + limit).what, Do::kClose);
    EXPECT_EQ(answer(tag, kStart + limit - milliseconds{1}).what, Do::kWrite);
    session_.written(kStart);
    EXPECT_TRUE(session_.deadline().is_never());
  }
}

TEST_F(HvUtilsSessionTest, WritesNoAnswerOnceTheLimitHasPassed) {
  register_it();
  const auto tag = ask(kHotBackup);
  EXPECT_EQ(answer(tag, kStart + seconds{28}).what, Do::kClose);
}

TEST_F(HvUtilsSessionTest, WritesNoAnswerWhileAnotherMessageWaits) {
  register_it();
  const auto tag = ask(kHotBackup);
  EXPECT_EQ(answer(tag, kStart, true).what, Do::kClose);
}

TEST_F(HvUtilsSessionTest, DropsAnswersToNothingThatIsAsked) {
  register_it();
  EXPECT_EQ(answer(1, kStart).what, Do::kWait);
  const auto first = ask(kHotBackup);
  answer(first, kStart);
  session_.written(kStart);
  const auto second = ask(kFreeze);
  EXPECT_NE(first, second);
  EXPECT_EQ(answer(first, kStart).what, Do::kWait);
  EXPECT_EQ(answer(second, kStart).what, Do::kWrite);
}

TEST_F(HvUtilsSessionTest, AnswersOnlyOnce) {
  register_it();
  const auto tag = ask(kHotBackup);
  answer(tag, kStart);
  session_.written(kStart);
  EXPECT_EQ(answer(tag, kStart).what, Do::kWait);
}

TEST_F(HvUtilsSessionTest, TellsHowLongARequestTook) {
  register_it();
  const auto tag = ask(kFreeze);
  session_.answer(tag, false, kStart + seconds{1}, false);
  const auto step = session_.written(kStart + seconds{2});
  ASSERT_TRUE(step.exchange);
  EXPECT_EQ(step.exchange->asked, kStart);
  EXPECT_EQ(step.exchange->answered, kStart + seconds{2});
  EXPECT_FALSE(step.exchange->success);
}

}  // namespace
}  // namespace vss::requesters
