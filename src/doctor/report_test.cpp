#include "doctor/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "doctor/facts_for_test.hpp"
#include "doctor/judge.hpp"
#include "doctor/units.hpp"

namespace vss::doctor {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::size_t widest_line(std::string_view text) {
  std::size_t widest = 0, column = 0;
  for (const char c : text) {
    column = c == '\n' ? 0 : column + 1;
    widest = std::max(widest, column);
  }
  return widest;
}

Diagnosis with_a_risk() {
  Diagnosis diagnosis;
  diagnosis.checks.push_back({"kernel", "6.1.0"});
  diagnosis.checks.push_back(
      {"agents",
       "another agent may freeze as well",
       {{Severity::kRisk, "foreign-agent", "qemu-ga (process 7) runs", "it freezes too", "stop it"},
        {Severity::kNote, "a-note", "worth knowing", "", ""}}});
  return diagnosis;
}

TEST(DoctorText, FitsAScreenWhenAllIsGood) {
  const std::string text = render(judge(testing::good_machine()));
  EXPECT_THAT(text, HasSubstr("A backup would succeed.\n"));
  EXPECT_LE(std::ranges::count(text, '\n'), 22);
  EXPECT_LE(widest_line(text), 80U);
}

TEST(DoctorText, FindingsStandBelowWithWhyAndWhatMends) {
  EXPECT_EQ(render(with_a_risk()),
            "A backup would succeed; there are risks.\n"
            "  ok    kernel     6.1.0\n"
            "  RISK  agents     another agent may freeze as well\n"
            "\n"
            "RISK  agents: qemu-ga (process 7) runs [foreign-agent]\n"
            "      why:  it freezes too\n"
            "      mend: stop it\n"
            "\n"
            "note  agents: worth knowing [a-note]\n");
}

TEST(DoctorText, LongFindingsAreWrappedAndNamesCannotSteerATerminal) {
  Diagnosis diagnosis = with_a_risk();
  diagnosis.checks[1].findings[0].what = "\x1b[31m";
  for (int i = 0; i < 40; ++i)
    diagnosis.checks[1].findings[0].why += " word";
  const std::string text = render(diagnosis);
  EXPECT_LE(widest_line(text), 80U);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

// The schema's members are promised: what is here stays.
TEST(DoctorJson, IsAsThePageSays) {
  EXPECT_EQ(to_json(with_a_risk()),
            R"({"schema":"openvss.doctor","version":1,"verdict":"risk","exit_status":1,"checks":[)"
            R"({"name":"kernel","verdict":"good","summary":"6.1.0","findings":[]},)"
            R"({"name":"agents","verdict":"risk","summary":"another agent may freeze as well",)"
            R"("findings":[{"severity":"risk","code":"foreign-agent",)"
            R"("what":"qemu-ga (process 7) runs","why":"it freezes too","mend":"stop it"},)"
            R"({"severity":"note","code":"a-note","what":"worth knowing","why":"","mend":""}]}]})");
}

TEST(DoctorReport, WhatCouldNotBeLookedAtIsNotCalledGood) {
  Diagnosis diagnosis;
  diagnosis.checks.push_back({"plan", "not known", {}, false});
  EXPECT_THAT(render(diagnosis), HasSubstr("succeed, as far as could be seen.\n"));
  EXPECT_THAT(render(diagnosis), HasSubstr("  -     plan       not known\n"));
  EXPECT_THAT(to_json(diagnosis), HasSubstr(R"("name":"plan","verdict":"unknown")"));
}

TEST(Units, AreReadFromWhatSystemctlShows) {
  const auto units = parse_units(
      "Id=openvss.target\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\n"
      "Id=vssd.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\nNew=thing\n\n");
  ASSERT_EQ(units.size(), 2U);
  EXPECT_EQ(units[0].name, "openvss.target");
  EXPECT_EQ(units[0].enabled, "enabled");
  EXPECT_EQ(units[1].load, "not-found");
  EXPECT_EQ(units[1].active, "inactive");
  EXPECT_EQ(units[1].enabled, "");
}

TEST(Units, ASocketThatSystemdStillHasWouldStartVssd) {
  const auto units = [](const std::string& sub) {
    ServiceManagerFacts manager;
    manager.systemd = true;
    manager.units = parse_units("Id=vssd-control.socket\nActiveState=active\nSubState=" + sub +
                                "\nListen=/run/openvss/control.sock (SequentialPacket)\n\n");
    return manager;
  };
  EXPECT_TRUE(starts_vssd(units("listening"), false, "/run/openvss/control.sock"));
  EXPECT_FALSE(starts_vssd(units("running"), true, "/run/openvss/control.sock"));
  EXPECT_FALSE(starts_vssd(units("listening"), false, "/run/mine/control.sock"));  // by hand
  EXPECT_FALSE(starts_vssd({}, false, "/run/openvss/control.sock"));
}

TEST(Units, WhereSystemdIsSilentOnlyAVssdThatRunsIsAsked) {
  ServiceManagerFacts manager;
  manager.systemd = manager.silent = true;
  EXPECT_TRUE(starts_vssd(manager, false, "/run/openvss/control.sock"));
  EXPECT_FALSE(starts_vssd(manager, true, "/run/openvss/control.sock"));
}

TEST(Units, NonsenseIsNoUnit) {
  EXPECT_TRUE(parse_units("").empty());
  EXPECT_TRUE(parse_units("Failed to connect to bus\n\n=\n").empty());
}

}  // namespace
}  // namespace vss::doctor
