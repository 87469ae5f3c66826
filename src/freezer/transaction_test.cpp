#include <sys/wait.h>

#include <map>

#include "freezer/transaction_fixture.hpp"

namespace vss::freezer {
namespace {

using ::testing::HasSubstr;

TEST_F(TransactionTest, HoldsEverythingAndThawsInReverse) {
  hold_all();
  EXPECT_EQ(listener.replies.back().summary->frozen, 3U);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(kernel[i].frozen);
  EXPECT_EQ(page.last().value, 0U);
  transaction->thaw(event(Operation::kThaw));
  expect_yes();
  expect_thawed_once();
  EXPECT_EQ(page.last().value, 7U);
  // /m2 was frozen first, so it thaws last.
  EXPECT_EQ(kernel[0].order, 1);
  EXPECT_EQ(kernel[1].order, 2);
  EXPECT_EQ(kernel[2].order, 3);
}

TEST_F(TransactionTest, AnswersThawBeforeItReportsClean) {
  hold_all();
  listener.statuses.clear();
  transaction->thaw(event(Operation::kThaw));
  EXPECT_TRUE(pump([&] { return !listener.statuses.empty(); }));
  EXPECT_EQ(listener.replies.back().operation, static_cast<std::uint32_t>(Operation::kThaw));
  EXPECT_TRUE(listener.statuses.back().clean);
}

TEST_F(TransactionTest, RepeatsWithoutInterference) {
  connect();
  for (std::uint64_t id = 1; id <= 20; ++id) {
    prepare(id);
    transaction->freeze(event(Operation::kFreeze, id));
    expect_yes();
    transaction->thaw(event(Operation::kThaw, id));
    expect_yes();
    EXPECT_EQ(page.last().value, id);
  }
  expect_thawed_once();
}

TEST_F(TransactionTest, RefusesWithoutAGuardian) {
  transaction->check(event(Operation::kCheck), request);
  EXPECT_THAT(expect_no(), HasSubstr("guardian"));
  transaction->prepare(event(Operation::kPrepare), request);
  EXPECT_THAT(expect_no(), HasSubstr("guardian"));
}

TEST_F(TransactionTest, AVetoIsRefusedInCheckAndInPrepareByName) {
  connect();
  std::ofstream(directory + "/mountinfo", std::ios::app)
      << "999 1 8:9 / /usb rw - vfat /dev/sdx rw\n";
  request.unfreezable = wire::UnfreezablePolicy::kFail;
  transaction->check(event(Operation::kCheck), request);
  EXPECT_THAT(expect_no(), HasSubstr("/usb"));
  transaction->prepare(event(Operation::kPrepare), request);
  EXPECT_THAT(expect_no(), HasSubstr("/usb"));
  EXPECT_TRUE(transaction->idle());
}

// The guardian is a process of its own here, so that it can be stopped.
TEST_F(TransactionTest, AStoppedGuardianForbidsTheFreeze) {
  guardian->stop();
  const std::string path = directory + "/stopped.sock";
  const pid_t child = ::fork();
  if (child == 0) {
    const GuardianThread own(path, kernel);
    for (;;)
      ::pause();
  }
  EXPECT_TRUE(pump([&] {
    if (link.descriptor() < 0) link.connect(path, slots, page);
    return link.ready();
  }));
  prepare();
  ::kill(child, SIGSTOP);
  ASSERT_EQ(::waitpid(child, nullptr, WUNTRACED), child);  // all its threads have stopped
  transaction->freeze(event(Operation::kFreeze));
  EXPECT_THAT(expect_no(), HasSubstr("guardian"));
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(kernel[i].freezes, 0);
  EXPECT_TRUE(transaction->idle());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(TransactionTest, NothingSelectedNeedsNoGuardian) {
  request.selection = wire::Selection::kNone;
  prepare();
  transaction->freeze(event(Operation::kFreeze));
  expect_yes();
  transaction->thaw(event(Operation::kThaw));
  expect_yes();
  EXPECT_EQ(kernel[0].freezes, 0);
}

TEST_F(TransactionTest, ForeignFreezeFailsOursAndIsLeftAlone) {
  connect();
  prepare();
  kernel[1].frozen = true;
  transaction->freeze(event(Operation::kFreeze));
  EXPECT_THAT(expect_no(), HasSubstr("/m1"));
  EXPECT_TRUE(pump([&] { return transaction->idle(); }));
  EXPECT_TRUE(kernel[1].frozen);
  EXPECT_EQ(kernel[1].thaw_calls, 0);
  EXPECT_FALSE(kernel[2].frozen);  // was frozen before it, rolled back
  EXPECT_EQ(kernel[0].freezes, 0);
  transaction->thaw(event(Operation::kAbort));
  expect_yes();
}

TEST_F(TransactionTest, FreezeInFlightIsAnsweredInTimeAndThawedWhenItReturns) {
  connect();
  prepare();
  kernel[1].hold_freeze = true;
  reply_within = milliseconds{300};
  const base::Instant began = platform::now();
  transaction->freeze(event(Operation::kFreeze));
  EXPECT_THAT(expect_no(), HasSubstr("/m1"));
  EXPECT_LT(platform::now() - began, reply_within);
  EXPECT_TRUE(pump([&] { return !kernel[2].frozen; }));
  EXPECT_FALSE(transaction->status().clean);
  EXPECT_EQ(transaction->status().transaction.value, 7U);
  kernel[1].hold_freeze = false;
  EXPECT_TRUE(pump([&] { return transaction->idle(); }));
  EXPECT_EQ(kernel[1].thaws, 1);
  expect_thawed_once();
}

TEST_F(TransactionTest, MountThatComesMeanwhileFailsTheFreeze) {
  connect();
  prepare();
  add_mount(3);
  transaction->freeze(event(Operation::kFreeze));
  EXPECT_THAT(expect_no(), HasSubstr("/m3"));
  EXPECT_EQ(listener.replies.back().summary->plan_changed, 1U);
  expect_thawed_once();
}

TEST_F(TransactionTest, ThawsAtTheHoldDeadlineAndFailsTheThawAfterIt) {
  hold = milliseconds{300};
  hold_all();
  EXPECT_TRUE(pump([&] { return transaction->idle(); }));
  EXPECT_EQ(page.last().value, 7U);
  transaction->thaw(event(Operation::kThaw));
  EXPECT_THAT(expect_no(), HasSubstr("deadline"));
  expect_thawed_once();
}

TEST_F(TransactionTest, GuardianLostWhileHeldThawsNow) {
  hold_all();
  guardian->stop();
  EXPECT_TRUE(pump([&] { return transaction->idle(); }));
  transaction->thaw(event(Operation::kThaw));
  EXPECT_THAT(expect_no(), HasSubstr("guardian"));
  EXPECT_FALSE(listener.statuses.back().guardian_alive);
  expect_thawed_once();
}

TEST_F(TransactionTest, DriverLostWhileHeldThawsNow) {
  hold_all();
  transaction->abandon("vssd is gone");
  EXPECT_TRUE(pump([&] { return page.last().value == 7; }));
  expect_thawed_once();
}

TEST_F(TransactionTest, LateAnswerToFreezeIsUndone) {
  hold_all();
  const std::uint64_t freeze = listener.replies.back().message_id;
  transaction->late(freeze + 1000);  // of something else
  const base::Instant until = platform::now() + milliseconds{100};
  pump([&] { return platform::now() >= until; });
  EXPECT_TRUE(kernel[0].frozen);
  transaction->late(freeze);
  EXPECT_TRUE(pump([&] { return transaction->idle(); }));
  expect_thawed_once();
}

TEST_F(TransactionTest, ForeignThawFailsTheThaw) {
  hold_all();
  kernel[1].frozen = false;
  kernel[1].thaws = 1;
  transaction->thaw(event(Operation::kThaw));
  EXPECT_THAT(expect_no(), HasSubstr("/m1"));
  EXPECT_EQ(listener.replies.back().summary->thawed_by_others, 1U);
}

TEST_F(TransactionTest, ThawThatHangsIsNamedAndHoldsNobodyElse) {
  hold_all();
  kernel[0].hold_thaw = true;
  reply_within = milliseconds{900};
  transaction->thaw(event(Operation::kThaw));
  EXPECT_THAT(expect_no(), HasSubstr("/m0"));
  EXPECT_FALSE(kernel[1].frozen);
  EXPECT_FALSE(kernel[2].frozen);
  EXPECT_EQ(listener.replies.back().summary->in_flight, 1U);
  EXPECT_EQ(page.last().value, 0U);
  kernel[0].hold_thaw = false;
  expect_thawed_once();
}

TEST_F(TransactionTest, SecondPrepareIsRefusedAndHurtsNothing) {
  hold_all();
  transaction->prepare(event(Operation::kPrepare, 8), request);
  EXPECT_THAT(expect_no(), HasSubstr("open"));
  transaction->thaw(event(Operation::kThaw));
  expect_yes();
  expect_thawed_once();
}

TEST_F(TransactionTest, ThawWithNothingOpenIsSuccess) {
  transaction->thaw(event(Operation::kThaw));
  expect_yes();
  transaction->thaw(event(Operation::kAbort));
  expect_yes();
}

TEST_F(TransactionTest, AbortBeforeFreezeDisarms) {
  connect();
  prepare();
  transaction->thaw(event(Operation::kAbort));
  expect_yes();
  expect_thawed_once();
  EXPECT_EQ(kernel[0].freezes, 0);
  EXPECT_EQ(page.last().value, 7U);
}

TEST_F(TransactionTest, AbortRightAfterPrepareIsAnswered) {
  connect();
  for (int i = 0; i < 20; ++i) {
    transaction->prepare(event(Operation::kPrepare), request);
    transaction->on_time(platform::now());
    transaction->thaw(event(Operation::kAbort));
    expect_yes();
    expect_thawed_once();
  }
}

TEST_F(TransactionTest, FreezeBeforePrepareWasAnsweredIsRefusedAndHurtsNothing) {
  connect();
  transaction->prepare(event(Operation::kPrepare), request);
  transaction->freeze(event(Operation::kFreeze));
  EXPECT_THAT(expect_no(), HasSubstr("PREPARE"));
  EXPECT_TRUE(pump([&] { return listener.replies.size() == 2; }));
  EXPECT_EQ(listener.replies.back().operation, static_cast<std::uint32_t>(Operation::kPrepare));
  EXPECT_EQ(listener.replies.back().status, wire::kStatusSuccess);
}

TEST_F(TransactionTest, TellsEachFilesystemsTimesOnce) {
  hold_all();
  transaction->thaw(event(Operation::kThaw));
  expect_yes();
  std::map<std::string, std::vector<wire::MountResult>> results;
  for (const wire::MountDetail& detail : listener.details) {
    if (detail.flush) continue;  // of PREPARE
    results[std::string(detail.mount_point.view())].push_back(detail.result);
    EXPECT_GT(detail.freeze_time.count(), 0);
  }
  EXPECT_EQ(results.size(), 3U);
  for (const auto& [mount_point, told] : results) {
    EXPECT_THAT(told,
                ::testing::ElementsAre(wire::MountResult::kFrozen, wire::MountResult::kThawed))
        << mount_point;
  }
}

TEST_F(TransactionTest, FreezeWithoutPrepareIsRefused) {
  transaction->freeze(event(Operation::kFreeze));
  EXPECT_THAT(expect_no(), HasSubstr("PREPARE"));
}

}  // namespace
}  // namespace vss::freezer
