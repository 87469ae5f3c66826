#include "requesters/hv_utils/link.hpp"

#include "requesters/hv_utils/link_for_test.hpp"

namespace vss::requesters {
namespace {

// What the host asks, and when its answer may still be given.

using base::milliseconds;
using base::seconds;
using coordinator::CheckRequested;
using coordinator::FreezeRequested;
using coordinator::RequesterGone;
using coordinator::ThawRequested;

TEST_F(HvUtilsLinkTest, RegistersAndThenWaitsForNothingButTheDevice) {
  start();
  EXPECT_TRUE(link_->next_deadline().is_never());
  EXPECT_TRUE(owner_.events.empty());
  ASSERT_EQ(owner_.traffic.size(), 3U);
  EXPECT_EQ(owner_.traffic[0].what, TrafficEvent::kOpened);
  EXPECT_EQ(owner_.traffic[1].what, TrafficEvent::kFromGuest);
  EXPECT_EQ(owner_.traffic[1].bytes, FakeHvUtils::message_of(129));
  EXPECT_EQ(owner_.traffic[2].what, TrafficEvent::kFromHost);
  EXPECT_EQ(owner_.traffic[2].bytes, FakeHvUtils::message_of(129, 4));
  EXPECT_EQ(link_->standing(), "/dev/vmbus/hv_vss: open and registered");
}

TEST_F(HvUtilsLinkTest, ServesAWholeBackup) {
  start();
  host_asks(kHotBackup);
  const auto check = owner_.last<CheckRequested>();
  EXPECT_EQ(check.kind, coordinator::RequesterKind::kHyperV);
  EXPECT_EQ(check.name.view(), "hyperv:hv_vss");
  EXPECT_EQ(HostIds::link_of(check.requester), 1);
  answer(true);
  host_asks(kFreeze);
  const auto freeze = owner_.last<FreezeRequested>();
  EXPECT_EQ(freeze.kind, coordinator::RequesterKind::kHyperV);
  EXPECT_EQ(freeze.name.view(), "hyperv:hv_vss");
  EXPECT_EQ(freeze.requester, check.requester);
  EXPECT_TRUE(freeze.options.bound_to_requester);
  answer(true);
  EXPECT_TRUE(link_->next_deadline().is_never());
  host_asks(kThaw);
  EXPECT_FALSE(owner_.last<ThawRequested>().transaction.valid());
  EXPECT_EQ(owner_.last<ThawRequested>().name.view(), "hyperv:hv_vss");
  answer(true);
  EXPECT_EQ(kernel_.host_saw(), (HostSaw{{kHotBackup, kOk}, {kFreeze, kOk}, {kThaw, kOk}}));
  ASSERT_EQ(owner_.exchanges.size(), 3U);
  EXPECT_EQ(owner_.exchanges[1].request, "FREEZE");
  EXPECT_TRUE(owner_.exchanges[1].success);
  EXPECT_LE(owner_.exchanges[1].asked, owner_.exchanges[1].answered);
}

TEST_F(HvUtilsLinkTest, TellsTheHostOfAFailure) {
  start();
  host_asks(kFreeze);
  answer(false);
  EXPECT_EQ(kernel_.host_saw(), (HostSaw{{kFreeze, kFail}}));
  EXPECT_FALSE(owner_.exchanges.back().success);
  EXPECT_EQ(owner_.traffic.back().bytes[0], std::byte{0x05});
}

TEST_F(HvUtilsLinkTest, TakesAnAnswerThatComesBeforeTheQuestionReturns) {
  owner_.answer_at_once = true;
  start();
  for (const int operation : {kHotBackup, kFreeze, kThaw})
    host_asks(operation);
  EXPECT_EQ(kernel_.host_saw(), (HostSaw{{kHotBackup, kOk}, {kFreeze, kOk}, {kThaw, kOk}}));
}

TEST_F(HvUtilsLinkTest, FailsAnOperationThatItDoesNotKnow) {
  start();
  host_asks(7);
  EXPECT_EQ(kernel_.host_saw(), (HostSaw{{7, kFail}}));
  EXPECT_TRUE(owner_.events.empty());
  EXPECT_EQ(owner_.exchanges.size(), 1U);
  host_asks(kHotBackup);
  answer(true);
  EXPECT_EQ(kernel_.host_saw().back(), std::pair(kHotBackup, kOk));
}

TEST_F(HvUtilsLinkTest, ServesAFreezeThatLiesBeforeItsRegistration) {
  kernel_.answers_by_itself();
  kernel_.when_opened = [this] { kernel_.host_asks(kFreeze); };
  link_->on_time(platform::now());
  let_run();
  owner_.last<FreezeRequested>();
  answer(true);
  EXPECT_EQ(kernel_.host_saw(), (HostSaw{{kFreeze, kOk}}));
  EXPECT_EQ(link_->standing(), "/dev/vmbus/hv_vss: open and registered");
  host_asks(kThaw);
  answer(true);
  EXPECT_EQ(kernel_.host_saw().back(), std::pair(kThaw, kOk));
}

TEST_F(HvUtilsLinkTest, UndoesAFreezeThatLayThereWhenTheKernelHadGivenItUp) {
  start();
  kernel_.host_asks(kFreeze);
  kernel_.give_up();
  kernel_.host_asks(kThaw);  // fails at once: the FREEZE was not read yet
  let_run();
  const auto freeze = owner_.last<FreezeRequested>();
  answer(true);
  EXPECT_EQ(kernel_.answers_written(), 0);
  expect_gone(freeze);
  EXPECT_EQ(kernel_.host_saw(), (HostSaw{{kFreeze, kFail}, {kThaw, kFail}}));
  expect_reopened_and_serving();
}

TEST_F(HvUtilsLinkTest, UndoesAFreezeWhoseAnswerCameTooLate) {
  start();
  host_asks(kFreeze);
  const auto freeze = owner_.last<FreezeRequested>();
  kernel_.give_up();
  answer(true);
  expect_gone(freeze);
  EXPECT_TRUE(logged("had given up"));
  EXPECT_TRUE(owner_.exchanges.empty());
  expect_reopened_and_serving();
  EXPECT_NE(owner_.last<CheckRequested>().requester, freeze.requester);
}

TEST_F(HvUtilsLinkTest, NeverGivesALateAnswerToTheRequestBehind) {
  start();
  host_asks(kHotBackup);
  const auto check = owner_.last<CheckRequested>();
  kernel_.give_up();
  kernel_.host_asks(kThaw);  // what is written now would be taken for its answer
  answer(true);
  EXPECT_EQ(kernel_.answers_written(), 0);
  expect_gone(check);
  EXPECT_EQ(kernel_.host_saw(), (HostSaw{{kHotBackup, kFail}, {kThaw, kFail}}));
  expect_reopened_and_serving();
}

TEST_F(HvUtilsLinkTest, ClosesBeforeTheKernelGivesUp) {
  struct {
    int operation;
    base::Duration kernels, least;
  } const cases[] = {{kHotBackup, seconds{30}, seconds{25}},
                     {kFreeze, seconds{900}, seconds{880}},
                     {kThaw, seconds{30}, seconds{25}}};
  start();
  for (const auto& [operation, kernels, least] : cases) {
    const base::Instant before = platform::now();
    const int answers = kernel_.answers_written();
    host_asks(operation);
    EXPECT_GT(link_->next_deadline(), before + least);
    EXPECT_LT(link_->next_deadline(), before + kernels - seconds{1});
    const auto asked = owner_.events.back();
    link_->on_time(link_->next_deadline() - milliseconds{1});
    EXPECT_TRUE(kernel_.client_open());
    wait_for_deadline();
    EXPECT_EQ(kernel_.host_saw().back(), std::pair(operation, kFail));
    EXPECT_EQ(owner_.last<RequesterGone>().requester, FakeOwner::answer_to(asked, true).requester);
    // The answer that comes after all finds nobody, also when the device is open again.
    link_->perform(FakeOwner::answer_to(asked, true));
    wait_for_deadline();
    kernel_.host_asks(kThaw);
    let_run();
    link_->perform(FakeOwner::answer_to(asked, true));
    EXPECT_EQ(kernel_.answers_written(), answers);
    answer(false);
    EXPECT_EQ(kernel_.answers_written(), answers + 1);
    EXPECT_EQ(kernel_.host_saw().back(), std::pair(kThaw, kFail));
  }
}

TEST_F(HvUtilsLinkTest, UndoesWhatHibernationThaws) {
  start();
  host_asks(kFreeze);
  answer(true);
  kernel_.hibernates();
  let_run();
  const auto thaw = owner_.last<ThawRequested>();
  answer(true);
  expect_gone(thaw);
  expect_reopened_and_serving();
}

TEST_F(HvUtilsLinkTest, TakesInterruptionsAndEmptyReadsForNothing) {
  start();
  for (const int error : {EINTR, EAGAIN}) {
    kernel_.fail_next_read(error);
    host_asks(kHotBackup);
    answer(true);
    EXPECT_EQ(kernel_.host_saw().back(), std::pair(kHotBackup, kOk));
  }
  EXPECT_EQ(kernel_.openings(), 1);
}

TEST_F(HvUtilsLinkTest, AnswersNeitherOfTwoRequestsAtOnce) {
  start();
  host_asks(kFreeze);
  const auto freeze = owner_.last<FreezeRequested>();
  kernel_.queue(FakeHvUtils::message_of(kThaw));
  let_run();
  EXPECT_EQ(kernel_.answers_written(), 0);
  expect_gone(freeze);
  expect_reopened_and_serving();
}

}  // namespace
}  // namespace vss::requesters
