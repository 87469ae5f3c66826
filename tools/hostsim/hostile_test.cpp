#include "hostsim/hostile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hostsim/host_for_test.hpp"
#include "hostsim/message.hpp"

namespace hostsim {
namespace {

using testing::HasSubstr;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStdout;

TEST(Hostile, ARightGuestStandsIt) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"hostile", "--count", "2000", "--seed", "7"}), 0);
  EXPECT_THAT(GetCapturedStdout(),
              HasSubstr("2000 hostile acts (seed 7), 0 complaints, last backup good\n"));
}

TEST(Hostile, LargerRingsAreAsHostile) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"--ring-bytes", "65536", "hostile", "--count", "300", "--json"}), 0);
  EXPECT_THAT(GetCapturedStdout(), HasSubstr("\"complaints\":[]"));
}

TEST(Hostile, AnAnswerToWhatDeservesNoneIsNamed) {
  const Meeting meeting;
  // What it takes for a HOT_BACKUP, it answers with another id.
  FakeGuest guest({meeting.socket(), [](Bytes& answer) {
                     if (asks_for(answer, Operation::kHotBackup))
                       store<std::uint64_t>(answer, kIdAt, 0);
                     return true;
                   }});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"hostile", "--count", "100"}), 1);
  const std::string output = GetCapturedStdout();
  EXPECT_THAT(output, HasSubstr("COMPLAINT: act 17 (seed 1), HOT_BACKUP twice: an answer that "
                                "nobody asked for: HOT_BACKUP with transaction id 0x0"));
  EXPECT_THAT(output, HasSubstr("16 hostile acts (seed 1), 1 complaints"));
}

}  // namespace
}  // namespace hostsim
