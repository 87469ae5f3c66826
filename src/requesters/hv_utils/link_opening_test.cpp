#include "requesters/hv_utils/link_for_test.hpp"

namespace vss::requesters {
namespace {

// When the device is opened, closed and opened again.

using base::seconds;
using coordinator::FreezeRequested;

TEST_F(HvUtilsLinkTest, OpensNothingBeforeItIsTold) {
  EXPECT_EQ(kernel_.openings(), 0);
  EXPECT_LE(link_->next_deadline(), platform::now());
}

TEST_F(HvUtilsLinkTest, ClosesAtOnceWhenTheDeviceIsRemovedAlsoInAHold) {
  start();
  host_asks(kFreeze);
  const auto freeze = owner_.last<FreezeRequested>();
  answer(true);
  owner_.frozen = true;
  kernel_.is_unbound();
  let_run();
  EXPECT_FALSE(kernel_.client_open());
  expect_gone(freeze);
  EXPECT_EQ(owner_.traffic.back().what, TrafficEvent::kClosed);
  EXPECT_GT(owner_.deadline_changes, 0);
  // Opened by path only when nothing is frozen any more.
  EXPECT_TRUE(link_->next_deadline().is_never());
  link_->on_time(platform::now() + seconds{1});
  EXPECT_EQ(kernel_.openings(), 1);
  owner_.frozen = false;
  kernel_.is_bound_again();
  expect_reopened_and_serving();
}

TEST_F(HvUtilsLinkTest, OpensItsDeviceWhileSomethingStaysFrozenThatNobodyThaws) {
  owner_.frozen = true;
  owner_.devices_only = true;
  link_->on_time(platform::now());
  EXPECT_EQ(kernel_.openings(), 1);
}

TEST_F(HvUtilsLinkTest, SpeaksOfNoRequesterThatNeverAsked) {
  start();
  kernel_.is_unbound();
  let_run();
  EXPECT_FALSE(kernel_.client_open());
  EXPECT_TRUE(owner_.events.empty());
}

TEST_F(HvUtilsLinkTest, ClosesOnEveryOtherErrorOfARead) {
  start();
  for (const int error : {EBADF, EIO, EINVAL}) {
    kernel_.fail_next_read(error);
    kernel_.host_asks(kHotBackup);
    let_run();
    expect_reopened_and_serving();
  }
}

TEST_F(HvUtilsLinkTest, ClosesOnEveryErrorOfAnAnswer) {
  start();
  for (const int error : {EINVAL, EFAULT, EBADF, EIO}) {
    host_asks(kFreeze);
    const auto freeze = owner_.last<FreezeRequested>();
    kernel_.fail_next_write(error);
    answer(true);
    expect_gone(freeze);
    EXPECT_EQ(kernel_.host_saw().back(), std::pair(kFreeze, kFail));
    expect_reopened_and_serving();
  }
}

TEST_F(HvUtilsLinkTest, ClosesWhenTheRegistrationIsImpossible) {
  for (const int error : {EBADF, EIO}) {
    kernel_.fail_next_write(error);
    link_->on_time(link_->next_deadline());
    EXPECT_FALSE(kernel_.client_open());
  }
  expect_reopened_and_serving();
}

TEST_F(HvUtilsLinkTest, ClosesOnMessagesOfAWrongLength) {
  start();
  int answered = 0;
  for (const std::size_t size : {1U, 4U, 11U, 13U}) {
    kernel_.queue(FakeHvUtils::message_of(kFreeze, size));
    let_run();
    EXPECT_EQ(kernel_.answers_written(), answered);
    expect_reopened_and_serving();
    ++answered;
  }
}

TEST_F(HvUtilsLinkTest, ClosesWhenAStandInIsGone) {
  start();
  kernel_.queue({});  // a read of 0 bytes
  let_run();
  expect_reopened_and_serving();
}

TEST_F(HvUtilsLinkTest, FillsNoLogWithADeviceThatFailsAgainAndAgain) {
  start();
  for (int i = 0; i < 20; ++i) {
    kernel_.queue(FakeHvUtils::message_of(kFreeze, 3));
    let_run();
    wait_for_deadline();
  }
  EXPECT_TRUE(logged("wrong length"));
  EXPECT_EQ(owner_.lines.size(), 3U);  // open, closed, open again
}

TEST_F(HvUtilsLinkTest, WaitsLongerForADeviceThatNeverServed) {
  start();
  const auto close_and_reopen = [this] {
    kernel_.queue(FakeHvUtils::message_of(kFreeze, 3));
    let_run();
    const base::Duration pause = link_->next_deadline() - platform::now();
    wait_for_deadline();
    return pause;
  };
  for (int i = 0; i < 5; ++i) {
    host_asks(kHotBackup);
    answer(true);
    EXPECT_LE(close_and_reopen(), base::Reopening::kFirst);
  }
  close_and_reopen();
  EXPECT_GT(close_and_reopen(), base::Reopening::kFirst);
}

TEST_F(HvUtilsLinkTest, NamesTheRemedyWhenAnotherDaemonHasTheDevice) {
  kernel_.fail_opening(EBUSY);
  for (int i = 0; i < 5; ++i)
    wait_for_deadline();
  ASSERT_EQ(owner_.lines.size(), 1U);
  EXPECT_EQ(owner_.lines[0].severity, base::LogSeverity::kWarning);
  EXPECT_TRUE(logged("hv_vss_daemon") && logged("hv-vss-daemon.service"));
  kernel_.fail_opening(0);
  expect_reopened_and_serving();
}

TEST_F(HvUtilsLinkTest, NamesTheRemedyWhenItMayNotOpenTheDevice) {
  kernel_.fail_opening(EACCES);
  wait_for_deadline();
  EXPECT_TRUE(logged("udev"));
}

TEST_F(HvUtilsLinkTest, WaitsQuietlyForADeviceThatIsNotThere) {
  kernel_.fail_opening(ENOENT);
  base::Duration pause{0};
  for (int i = 0; i < 20; ++i) {
    const base::Instant now = link_->next_deadline();
    wait_for_deadline();
    EXPECT_GE(link_->next_deadline() - now, pause);
    pause = link_->next_deadline() - now;
  }
  EXPECT_EQ(pause, base::Reopening::kLongest);
  ASSERT_EQ(owner_.lines.size(), 1U);
  EXPECT_EQ(owner_.lines[0].severity, base::LogSeverity::kInfo);
  kernel_.fail_opening(0);
  expect_reopened_and_serving();
}

TEST_F(HvUtilsLinkTest, LeavesNothingBehindWhenItEndsInMidTransaction) {
  start();
  host_asks(kFreeze);
  const auto events = owner_.events.size();
  link_.reset();
  EXPECT_FALSE(kernel_.client_open());
  EXPECT_EQ(kernel_.host_saw(), (HostSaw{{kFreeze, kFail}}));
  EXPECT_EQ(owner_.events.size(), events);
  let_run();
}

}  // namespace
}  // namespace vss::requesters
