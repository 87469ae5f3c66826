#include "hostsim/backup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <chrono>
#include <thread>

#include "hostsim/host_for_test.hpp"

namespace hostsim {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStdout;

// The answer to `operation` is changed.
FakeGuestOptions spoiling(const Meeting& meeting, Operation operation,
                          const std::function<void(Bytes&)>& spoil) {
  return {meeting.socket(), [operation, spoil](Bytes& answer) {
            if (asks_for(answer, operation)) spoil(answer);
            return true;
          }};
}

void fail(Bytes& answer) {
  store(answer, kStatusAt, kStatusFail);
}

TEST(Backup, RoundsSucceedWithARightGuest) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"backup", "--repeat", "3"}), 0);
  const std::string output = GetCapturedStdout();
  EXPECT_THAT(output, HasSubstr("FREEZE       OK          0.0"));
  EXPECT_THAT(output, HasSubstr("3 of 3 backups succeeded\n"));
  EXPECT_EQ(output.find("NEGOTIATE"), output.rfind("NEGOTIATE"));
  EXPECT_EQ(guest.freezes(), 3);
}

TEST(Backup, JsonIsOneDocument) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"backup", "--json", "--exec", "echo noise", "--hold", "0.01"}), 0);
  const Json document = Json::parse(GetCapturedStdout());
  EXPECT_EQ(document["ok"], true);
  const Json& round = document["rounds"][0];
  EXPECT_EQ(round["exec_status"], 0);
  EXPECT_GE(round["hold_us"], 10'000);
  ASSERT_EQ(round["steps"].size(), 5U);
  EXPECT_EQ(round["steps"][3]["step"], "FREEZE");
  EXPECT_EQ(round["steps"][3]["status"], "0x00000000");
  EXPECT_TRUE(round["steps"][3]["complaints"].empty());
}

TEST(Backup, NothingIsFrozenAfterAFailedHotBackup) {
  const Meeting meeting;
  FakeGuest guest(spoiling(meeting, Operation::kHotBackup, fail));
  CaptureStdout();
  EXPECT_EQ(meeting.run({"backup"}), 1);
  const std::string output = GetCapturedStdout();
  EXPECT_THAT(output, HasSubstr("HOT_BACKUP   HV_E_FAIL"));
  EXPECT_THAT(output, HasSubstr("0 of 1 backups succeeded"));
  EXPECT_EQ(guest.freezes(), 0);
}

TEST(Backup, ThawFollowsAFailedFreezeAndNoCommandRuns) {
  const Meeting meeting;
  FakeGuest guest(spoiling(meeting, Operation::kFreeze, fail));
  CaptureStdout();
  EXPECT_EQ(meeting.run({"backup", "--exec", "echo ran"}), 1);
  const std::string output = GetCapturedStdout();
  EXPECT_THAT(output, HasSubstr("THAW         OK"));
  EXPECT_EQ(output.find("ran"), std::string::npos);
}

TEST(Backup, ACommandThatFailsIsFollowedByThaw) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"backup", "--exec", "exit 3"}), 1);
  const std::string output = GetCapturedStdout();
  EXPECT_THAT(output, HasSubstr("`exit 3` ended with status 3"));
  EXPECT_THAT(output, HasSubstr("THAW         OK"));
}

TEST(Backup, AWrongBitIsAFailure) {
  const Meeting meeting;
  FakeGuest guest(spoiling(meeting, Operation::kThaw, [](Bytes& answer) {
    store<std::uint8_t>(answer, kExchangeFlagsAt, 7);
  }));
  CaptureStdout();
  EXPECT_EQ(meeting.run({"backup"}), 1);
  EXPECT_THAT(GetCapturedStdout(), HasSubstr("WRONG: ic flags: 0x07, not 0x05"));
}

TEST(Backup, AGuestThatDoesNotAnswerIsNotWaitedForForEver) {
  const Meeting meeting;
  FakeGuest guest(
      {meeting.socket(), [](Bytes& answer) { return !asks_for(answer, Operation::kFreeze); }});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"--answer-timeout", "0.1", "backup"}), 1);
  const std::string output = GetCapturedStdout();
  EXPECT_THAT(output, HasSubstr("FREEZE       NONE"));
  EXPECT_THAT(output, HasSubstr("no answer within 0.1 s"));
  EXPECT_THAT(output, HasSubstr("THAW         OK"));
}

TEST(Backup, AGuestThatComesBackWhileHeldGetsItsThaw) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  std::thread breaker([&] {
    while (guest.freezes() == 0)
      std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(50ms);
    guest.hang_up();
  });
  CaptureStdout();
  EXPECT_EQ(meeting.run({"backup", "--hold", "0.3"}), 1);
  breaker.join();
  EXPECT_THAT(GetCapturedStdout(), HasSubstr("THAW         HV_E_FAIL"));
  EXPECT_EQ(guest.connections(), 2);
}

TEST(Backup, AnInterruptedHoldIsThawedFirst) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  const UniqueFd interrupt(::eventfd(0, EFD_CLOEXEC));
  std::thread user([&] {
    while (guest.freezes() == 0)
      std::this_thread::sleep_for(1ms);
    ::eventfd_write(interrupt.get(), 1);
  });
  CaptureStdout();
  EXPECT_EQ(meeting.run({"backup", "--exec", "sleep 60"}, interrupt.get()), 1);
  user.join();
  const std::string output = GetCapturedStdout();
  EXPECT_THAT(output, HasSubstr("THAW         OK"));
  EXPECT_THAT(output, HasSubstr("0 of 1 backups succeeded"));
}

TEST(Backup, AnAnswerWithoutASignalIsComplainedAbout) {
  const Meeting meeting;
  // Late enough for the host to wait for the signal.
  const auto late = [](Bytes&) {
    std::this_thread::sleep_for(50ms);
    return true;
  };
  FakeGuest guest({meeting.socket(), late, false});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"run", "get_dm_info"}), 1);
  EXPECT_THAT(GetCapturedStdout(), HasSubstr("it lay in the ring without a signal"));
}

TEST(Backup, NoGuestIsAnError) {
  const Meeting meeting;
  EXPECT_EQ(meeting.run({"--wait", "0.05", "backup"}), 1);
}

}  // namespace
}  // namespace hostsim
