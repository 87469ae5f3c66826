#include "platform/stall_probe.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "platform/clock.hpp"
#include "platform/mount_identity.hpp"
#include "platform/mount_table.hpp"
#include "platform/sleep.hpp"

namespace vss::platform {
namespace {

// A directory on a filesystem that has files without a name; nothing of it is ever frozen.
const std::string kDirectory = std::filesystem::temp_directory_path();

std::uint32_t mount_id() {
  const auto identity = identify(kDirectory);
  return identity ? identity->mount_id : 0;
}

// The youngest child of this test program.
pid_t child() {
  pid_t process = 0;
  const std::string self = std::to_string(::getpid());
  std::ifstream children("/proc/" + self + "/task/" + self + "/children");
  while (children >> process) {
  }
  return process;
}

TEST(StallProbe, WritesAllTheTime) {
  auto probe = StallProbe::start(kDirectory, mount_id(), base::seconds(10));
  ASSERT_TRUE(probe) << probe.error().message;
  sleep_for(base::milliseconds(200));
  const auto stall = probe->finish(now() + base::seconds(10));
  ASSERT_TRUE(stall) << stall.error().message;
  EXPECT_GT(stall->writes, 5U);
  EXPECT_GT(stall->longest, base::milliseconds(0));
  EXPECT_LT(stall->longest, base::seconds(10));
}

TEST(StallProbe, SeesThatItStoodStill) {
  auto probe = StallProbe::start(kDirectory, mount_id(), base::seconds(10));
  ASSERT_TRUE(probe) << probe.error().message;
  const pid_t process = child();
  ASSERT_GT(process, 0);
  ::kill(process, SIGSTOP);
  sleep_for(base::milliseconds(300));
  ::kill(process, SIGCONT);
  sleep_for(base::milliseconds(50));
  const auto stall = probe->finish(now() + base::seconds(10));
  ASSERT_TRUE(stall) << stall.error().message;
  EXPECT_GE(stall->longest, base::milliseconds(290));
}

TEST(StallProbe, OneThatStandsStillIsNotWaitedForLonger) {
  auto probe = StallProbe::start(kDirectory, mount_id(), base::seconds(10));
  ASSERT_TRUE(probe) << probe.error().message;
  const pid_t process = child();
  ASSERT_GT(process, 0);
  ::kill(process, SIGSTOP);
  sleep_for(base::milliseconds(50));  // it may be running on another processor
  const auto stall = probe->finish(now() + base::milliseconds(50));
  ASSERT_FALSE(stall);
  EXPECT_NE(stall.error().message.find("still frozen"), std::string::npos);
}

TEST(StallProbe, TheChildThatWasKilledIsNoMeasurement) {
  auto probe = StallProbe::start(kDirectory, mount_id(), base::seconds(10));
  ASSERT_TRUE(probe) << probe.error().message;
  ::kill(child(), SIGKILL);
  EXPECT_FALSE(probe->finish(now() + base::seconds(10)));
}

TEST(StallProbe, SaysWhyItCannotMeasure) {
  const auto hidden = StallProbe::start(kDirectory, mount_id() + 1, base::seconds(10));
  ASSERT_FALSE(hidden);
  EXPECT_NE(hidden.error().message.find("another mount"), std::string::npos);
  const auto proc = identify("/proc");
  ASSERT_TRUE(proc);
  const auto without = StallProbe::start("/proc", proc->mount_id, base::seconds(10));
  ASSERT_FALSE(without);
  EXPECT_FALSE(without.error().message.empty());
}

}  // namespace
}  // namespace vss::platform
