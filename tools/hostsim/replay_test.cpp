#include "hostsim/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "hostsim/host_for_test.hpp"

namespace hostsim {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStdout;

class Trace : public testing::Test {
 protected:
  std::string record() const {
    const std::string path = meeting_.path("trace");
    FakeGuest guest({meeting_.socket(), {}});
    CaptureStdout();
    EXPECT_EQ(meeting_.run({"record", path, "--hold", "0.1", "--repeat", "2"}), 0);
    static_cast<void>(GetCapturedStdout());
    return path;
  }
  std::string write(const std::string& text) const {
    std::ofstream(meeting_.path("other")) << text;
    return meeting_.path("other");
  }
  std::string fault_of(const std::string& text) const {
    const auto trace = read_trace(write(text));
    return trace ? "" : trace.error().what;
  }
  Meeting meeting_;
};

constexpr auto kHead =
    R"({"format":"openvss-hyperv-trace","version":1,"door":"vmbus","by":"vssd","began":"x"})"
    "\n";

TEST_F(Trace, HasALineForEachPacket) {
  std::ifstream file(record());
  std::string head;
  std::string open;
  std::string first;
  ASSERT_TRUE(std::getline(file, head) && std::getline(file, open) && std::getline(file, first));
  EXPECT_THAT(head, MatchesRegex("\\{\"format\":\"openvss-hyperv-trace\",\"version\":1,"
                                 "\"door\":\"vmbus\",\"by\":\"vss-hostsim\","
                                 "\"began\":\"20..-..-..T..:..:..Z\"\\}"));
  EXPECT_THAT(open, MatchesRegex("\\{\"us\":[0-9]+,\"event\":\"open\"\\}"));
  EXPECT_THAT(first,
              MatchesRegex("\\{\"us\":[0-9]+,\"from\":\"host\",\"bytes\":\"0600[0-9a-f]+\"\\}"));
  const auto trace = read_trace(meeting_.path("trace"));
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->size(), 2U + 2 * 9);  // NEGOTIATE once, four operations twice
}

TEST_F(Trace, IsReplayedToARightGuestWithoutDifference) {
  const std::string path = record();
  for (const char* rhythm : {"--wait=5", "--fast"}) {
    FakeGuest guest({meeting_.socket(), {}});
    CaptureStdout();
    EXPECT_EQ(meeting_.run({"replay", path, rhythm}), 0);
    EXPECT_THAT(GetCapturedStdout(), HasSubstr("9 answers, as recorded\n"));
    EXPECT_EQ(guest.freezes(), 2);
  }
}

TEST_F(Trace, ReplayNamesWhatDiffers) {
  const std::string path = record();
  FakeGuest guest({meeting_.socket(), [](Bytes& answer) {
                     if (asks_for(answer, Operation::kFreeze)) {
                       store(answer, kStatusAt, kStatusFail);
                     }
                     return true;
                   }});
  CaptureStdout();
  EXPECT_EQ(meeting_.run({"replay", path, "--fast"}), 1);
  EXPECT_THAT(GetCapturedStdout(), HasSubstr("FREEZE DIFFERS: status: 0x80004005, not 0x00000000"));
}

TEST_F(Trace, ReplayMissesAnAnswer) {
  const std::string path = record();
  FakeGuest guest(
      {meeting_.socket(), [](Bytes& answer) { return !asks_for(answer, Operation::kGetDmInfo); }});
  CaptureStdout();
  EXPECT_EQ(meeting_.run({"replay", path, "--fast", "--answer-timeout", "0.1"}), 1);
  EXPECT_THAT(GetCapturedStdout(), HasSubstr("GET_DM_INFO DIFFERS: no answer"));
}

TEST_F(Trace, WhatIsWrongIsNamedWithItsLine) {
  const std::string head = kHead;
  EXPECT_THAT(fault_of("{}\n"), HasSubstr("other:1: this is no openvss-hyperv-trace"));
  EXPECT_THAT(fault_of("junk\n"), HasSubstr("other:1: this is no JSON object"));
  EXPECT_THAT(fault_of(head + R"({"us":1,"from":"sky","bytes":""})"),
              HasSubstr("other:2: \"from\""));
  EXPECT_THAT(fault_of(head + R"({"us":1,"from":"host","bytes":"06"})"), HasSubstr("1 bytes"));
  EXPECT_THAT(fault_of(head + R"({"us":-1,"event":"open"})"), HasSubstr("\"us\" is missing"));
  EXPECT_THAT(fault_of(head + R"({"us":1,"event":"shut"})"), HasSubstr("unknown event"));
  EXPECT_THAT(fault_of(head + "{\"us\":2,\"event\":\"open\"}\n{\"us\":1,\"event\":\"open\"}\n"),
              HasSubstr("other:3: it is earlier"));
  EXPECT_THAT(fault_of(head), HasSubstr("nothing in this trace"));
  EXPECT_EQ(fault_of(head + "{\"us\":1,\"lost\":3}\n{\"us\":1,\"event\":\"open\",\"new\":0}\n"),
            "");
}

TEST_F(Trace, MessagesOfTwelveBytesAreNotReplayed) {
  const std::string path = write(
      R"({"format":"openvss-hyperv-trace","version":1,"door":"hv_vss","by":"vssd","began":"x"})"
      "\n");
  testing::internal::CaptureStderr();
  EXPECT_EQ(meeting_.run({"replay", path}), 1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("12 bytes only"));
}

}  // namespace
}  // namespace hostsim
