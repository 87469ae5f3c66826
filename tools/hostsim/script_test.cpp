#include "hostsim/script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "hostsim/host_for_test.hpp"
#include "hostsim/report.hpp"
#include "hostsim/socket_door.hpp"
#include "hostsim/standin_door.hpp"

namespace hostsim {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStdout;

TEST(Script, StepsAreParsed) {
  const auto steps = parse_script({"freeze&", "sleep=0.25", "op=255", "close"});
  ASSERT_TRUE(steps);
  ASSERT_EQ(steps->size(), 4U);
  EXPECT_TRUE((*steps)[0].in_background);
  EXPECT_EQ((*steps)[1].time.count(), 250);
  EXPECT_EQ((*steps)[2].operation, static_cast<Operation>(255));
  EXPECT_EQ((*steps)[3].kind, ScriptStep::Kind::kClose);
}

TEST(Script, StepsThatTamperAreParsed) {
  const auto steps = parse_script(
      {"raw=0600 0200 0100 0000", "write_index=12345", "write_index=right", "mute", "rescind"});
  ASSERT_TRUE(steps);
  EXPECT_EQ((*steps)[0].bytes, from_hex("0600020001000000"));
  EXPECT_EQ((*steps)[1].index, 12345U);
  EXPECT_FALSE((*steps)[2].index);
  EXPECT_EQ((*steps)[3].kind, ScriptStep::Kind::kMute);
  EXPECT_EQ((*steps)[4].kind, ScriptStep::Kind::kRescind);
}

TEST(Script, OtherWordsAreRefused) {
  for (const char* word :
       {"melt", "op=256", "op=", "sleep=-1", "sleep=nan", "until=", "until", "close&", "&", "",
        "raw=", "raw=06", "raw=xx", "write_index=", "mute&"}) {
    EXPECT_FALSE(parse_script({word})) << word;
  }
}

TEST(Script, EachAnswerIsALine) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"run", "negotiate", "hot_backup", "freeze", "thaw", "thaw", "op=9",
                         "auto_recover", "bu_complete", "create", "delete"}),
            0);
  EXPECT_THAT(GetCapturedStdout(),
              MatchesRegex("NEGOTIATE OK [0-9.]+ s\nHOT_BACKUP OK [0-9.]+ s\nFREEZE OK [0-9.]+ s\n"
                           "THAW OK [0-9.]+ s\nTHAW HV_E_FAIL [0-9.]+ s\nOP_9 HV_E_FAIL [0-9.]+ s\n"
                           "AUTO_RECOVER HV_E_FAIL [0-9.]+ s\nBU_COMPLETE OK [0-9.]+ s\n"
                           "CREATE HV_E_FAIL [0-9.]+ s\nDELETE HV_E_FAIL [0-9.]+ s\n"));
}

TEST(Script, RequestsInTheBackgroundAreAllAnswered) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"run", "freeze&", "freeze&", "get_dm_info&", "wait", "thaw"}), 0);
  EXPECT_THAT(GetCapturedStdout(), HasSubstr("FREEZE HV_E_FAIL"));
  EXPECT_EQ(guest.freezes(), 1);
}

TEST(Script, AClosedChannelComesBack) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"run", "freeze", "close", "negotiate", "freeze", "thaw", "--json"}), 0);
  const std::string output = GetCapturedStdout();
  EXPECT_EQ(Json::parse(output.substr(0, output.find('\n')))["step"], "FREEZE");
  EXPECT_EQ(guest.connections(), 2);
  EXPECT_EQ(guest.freezes(), 2);
}

TEST(Script, AMutedPacketIsReadWithTheNextSignal) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"run", "--answer-timeout", "1", "mute", "freeze&", "sleep=0.3"}),
            1);  // nobody reads it
  EXPECT_EQ(guest.freezes(), 0);
  EXPECT_EQ(
      meeting.run({"run", "mute", "freeze&", "sleep=0.1", "interrupt", "wait", "unmute", "thaw"}),
      0);
  EXPECT_THAT(GetCapturedStdout(), HasSubstr("FREEZE OK"));
}

TEST(Script, ABadDescriptorIsWhatItSays) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  CaptureStdout();
  // A guest drops all that stands in the ring with it: a THAW must come later.
  EXPECT_EQ(meeting.run({"run", "raw=06000200010000000000000000000000", "sleep=0.5", "thaw"}), 0);
  EXPECT_EQ(meeting.run({"run", "write_index=12345", "sleep=0.2", "freeze", "thaw"}), 0);
  EXPECT_THAT(GetCapturedStdout(), HasSubstr("FREEZE OK"));
  EXPECT_EQ(guest.connections(), 3);  // the second one was given up for its index
}

TEST(Script, ARescindedGuestComesBackWhenOffered) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"run", "freeze", "rescind", "offer", "freeze", "thaw"}), 0);
  EXPECT_EQ(guest.freezes(), 2);
  EXPECT_EQ(guest.connections(), 2);
  static_cast<void>(GetCapturedStdout());
}

TEST(StandinDoor, SaysWhatIsMissing) {
  const auto door = StandinDoor::open("/nonexistent");
  ASSERT_FALSE(door);
  EXPECT_THAT(door.error().what, HasSubstr("vmbus_standin"));
}

TEST(Script, AFileLetsItGoOn) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  const std::string file = meeting.path("go");
  std::jthread teller([&] {
    while (guest.freezes() == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::ofstream(file) << "go";
  });
  CaptureStdout();
  EXPECT_EQ(meeting.run({"run", "freeze", "until=" + file, "thaw"}), 0);
  EXPECT_THAT(GetCapturedStdout(), HasSubstr("THAW OK"));
}

TEST(Script, AHostThatVanishesSaysNothingMore) {
  const Meeting meeting;
  FakeGuest guest({meeting.socket(), {}});
  CaptureStdout();
  EXPECT_EQ(meeting.run({"run", "freeze", "vanish", "thaw"}), 0);
  EXPECT_EQ(GetCapturedStdout().find("THAW"), std::string::npos);
}

TEST(CommandLine, UsageErrorsAreTwo) {
  const Meeting meeting;
  EXPECT_EQ(meeting.run({}), 2);
  EXPECT_EQ(meeting.run({"run"}), 2);
  EXPECT_EQ(meeting.run({"run", "melt"}), 2);
  EXPECT_EQ(meeting.run({"--ring-bytes", "16385", "backup"}), 2);
  EXPECT_EQ(meeting.run({"--runtime-dir", "/tmp", "backup"}), 2);
  EXPECT_EQ(meeting.run({"--standin", "/dev/vmbus_standin", "backup"}), 2);  // and a socket
}

TEST(SocketDoor, ReplacesADeadSocketAndSparesALiveOne) {
  const Meeting meeting;
  {
    auto first = SocketDoor::open(meeting.socket(), kRingBytesMin);
    ASSERT_TRUE(first);
    EXPECT_FALSE(SocketDoor::open(meeting.socket(), kRingBytesMin));
    std::filesystem::rename(meeting.socket(), meeting.path("dead"));
  }
  EXPECT_TRUE(SocketDoor::open(meeting.path("dead"), kRingBytesMin));
  EXPECT_FALSE(SocketDoor::open("/tmp", kRingBytesMin));
  EXPECT_FALSE(SocketDoor::open(std::string(200, 'x'), kRingBytesMin));
}

TEST(Rings, OfEverySizeCarryABackup) {
  for (const char* size : {"20480", "4194304"}) {
    const Meeting meeting;
    FakeGuest guest({meeting.socket(), {}});
    CaptureStdout();
    EXPECT_EQ(meeting.run({"--ring-bytes", size, "backup", "--repeat", "5"}), 0);
    EXPECT_THAT(GetCapturedStdout(), HasSubstr("5 of 5"));
  }
}

}  // namespace
}  // namespace hostsim
