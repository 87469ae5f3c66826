// The program vssd: its options, its directories, its signals.
#include <gtest/gtest.h>
#include <signal.h>

#include "base/exit_status.hpp"
#include "base/runtime_paths.hpp"
#include "peers.hpp"
#include "running_program.hpp"

namespace vss::conformance {
namespace {

TEST(Program, StopsWithSuccessOnSigtermAndIgnoresSighup) {
  RunningProgram vssd;
  ASSERT_TRUE(vssd.wait_until_serving()) << vssd.output();
  vssd.send_signal(SIGHUP);
  vssd.send_signal(SIGTERM);
  EXPECT_EQ(vssd.wait_for_exit(), base::kExitYes);
  EXPECT_NE(vssd.output().find("SIGHUP"), std::string::npos);
}

TEST(Program, ServesStatusToAnybody) {
  RunningProgram vssd;
  ASSERT_TRUE(vssd.wait_until_serving()) << vssd.output();
  ControlPeer control(vssd.socket(base::runtime::kControlSocket));
  EXPECT_EQ(control.ask_and_wait(request_for(wire::ControlCommand::kStatus))->status,
            wire::kStatusSuccess);
}

TEST(Program, RefusesASecondInstanceInTheSameRuntimeDirectory) {
  RunningProgram first;
  ASSERT_TRUE(first.wait_until_serving()) << first.output();
  RunningProgram second({}, {}, first.directory());
  EXPECT_EQ(second.wait_for_exit(), base::kExitNo);
  EXPECT_NE(second.output().find("another vssd runs with " + first.directory()), std::string::npos)
      << second.output();
  ControlPeer control(first.socket(base::runtime::kControlSocket));
  EXPECT_TRUE(control.ask_and_wait(request_for(wire::ControlCommand::kStatus)));
}

TEST(Program, StartsAgainWhereAKilledOneLeftItsSockets) {
  RunningProgram killed;
  ASSERT_TRUE(killed.wait_until_serving()) << killed.output();
  killed.send_signal(SIGKILL);
  EXPECT_EQ(killed.wait_for_exit(), -1);
  RunningProgram next({}, {}, killed.directory());
  EXPECT_TRUE(next.wait_until_serving()) << next.output();
}

TEST(Program, RefusesARuntimeDirectoryOnADisk) {
  RunningProgram vssd({}, {}, "/usr/lib");
  EXPECT_NE(vssd.wait_for_exit(), base::kExitYes);
  EXPECT_NE(vssd.output().find("tmpfs"), std::string::npos) << vssd.output();
}

TEST(Program, RefusesABadConfigurationBeforeItMakesAnything) {
  RunningProgram vssd("[writers]\nmaximum = 3\n");
  EXPECT_EQ(vssd.wait_for_exit(), base::kExitUsage);
  EXPECT_NE(vssd.output().find("openvss.toml:2"), std::string::npos) << vssd.output();
}

TEST(Program, RefusesAnUnknownOption) {
  RunningProgram vssd({}, {"--no-such-option"});
  EXPECT_EQ(vssd.wait_for_exit(), base::kExitUsage);
}

}  // namespace
}  // namespace vss::conformance
