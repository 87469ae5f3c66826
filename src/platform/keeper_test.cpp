#include "platform/keeper.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "platform/clock.hpp"
#include "platform/sleep.hpp"
#include "platform/socket.hpp"

namespace vss::platform {
namespace {

// A place where a kept program leaves its marks.
class KeeperTest : public testing::Test {
 protected:
  KeeperTest() { EXPECT_NE(::mkdtemp(directory_.data()), nullptr); }
  ~KeeperTest() override { EXPECT_EQ(::system(("rm -r " + directory_).c_str()), 0); }

  std::string file(const std::string& name) const { return directory_ + "/" + name; }
  bool exists(const std::string& name) const { return ::access(file(name).c_str(), F_OK) == 0; }
  bool wait_for_file(const std::string& name) const {
    const base::Instant until = now() + base::seconds{5};
    while (!exists(name) && now() < until)
      sleep_for(base::milliseconds{5});
    return exists(name);
  }
  // Runs until it is told to end, which takes it a moment, as thawing does.
  KeptProgram program(const std::string& name) const {
    const std::string script = "trap 'sleep 0.1; echo >" + file(name + "-ended") +
                               "; exit' TERM; echo >" + file(name + "-began") +
                               "; while :; do sleep 0.05; done";
    return {.name = name, .executable = "/bin/sh", .arguments = {"-c", script}, .ready_socket = {}};
  }

  std::string directory_ = "/tmp/vss-keeper-XXXXXX";
};

TEST_F(KeeperTest, StopsEveryProgramAndWaitsForItsEnd) {
  auto keeper = Keeper::start({program("guardian"), program("freezer")});
  ASSERT_TRUE(keeper) << keeper.error().message;
  ASSERT_TRUE(wait_for_file("guardian-began") && wait_for_file("freezer-began"));
  EXPECT_TRUE(keeper->stop(base::seconds{5}));
  EXPECT_TRUE(exists("guardian-ended") && exists("freezer-ended"));
}

TEST_F(KeeperTest, StopsEveryProgramWhenItsParentWasKilled) {
  const pid_t parent = ::fork();
  if (parent == 0) {
    auto keeper = Keeper::start({program("freezer")});
    if (!keeper || !wait_for_file("freezer-began")) ::_exit(1);
    std::ofstream(file("ready")) << '\n';
    for (;;)
      ::pause();
  }
  ASSERT_TRUE(wait_for_file("ready"));
  ::kill(parent, SIGKILL);
  EXPECT_TRUE(wait_for_file("freezer-ended"));
}

TEST_F(KeeperTest, KillsWhatDoesNotEndButNeverTheFirst) {
  const auto slow = [&](const std::string& name) {
    KeptProgram made = program(name);
    made.arguments[1] = "trap 'sleep 0.6; echo >" + file(name + "-ended") + "; exit' TERM; echo >" +
                        file(name + "-began") + "; while :; do sleep 0.05; done";
    made.end_within = base::milliseconds{150};
    return made;
  };
  auto keeper = Keeper::start({slow("guardian"), slow("freezer")});
  ASSERT_TRUE(keeper) << keeper.error().message;
  ASSERT_TRUE(wait_for_file("guardian-began") && wait_for_file("freezer-began"));
  EXPECT_TRUE(keeper->stop(base::seconds{5}));
  EXPECT_TRUE(exists("guardian-ended"));
  EXPECT_FALSE(exists("freezer-ended"));
}

TEST_F(KeeperTest, IsNotDeceivedByAStrayThatListensAlready) {
  const auto stray = listen_at(file("guardian.sock"), 0600);
  ASSERT_TRUE(stray);
  KeptProgram refused = program("guardian");
  refused.arguments[1] = "sleep 0.2; exit 1";
  refused.ready_socket = file("guardian.sock");
  const auto keeper = Keeper::start({refused});
  ASSERT_FALSE(keeper);
  EXPECT_NE(keeper.error().message.find("guardian"), std::string::npos);
}

TEST_F(KeeperTest, SaysWhichProgramDidNotStartAndStopsTheOthers) {
  KeptProgram missing = program("freezer");
  missing.executable = "/nonexistent/vss-freezer";
  const auto keeper = Keeper::start({program("guardian"), missing});
  ASSERT_FALSE(keeper);
  EXPECT_NE(keeper.error().message.find("/nonexistent/vss-freezer"), std::string::npos);
  EXPECT_TRUE(!exists("guardian-began") || wait_for_file("guardian-ended"));
}

TEST_F(KeeperTest, SaysWhenAProgramEndedBeforeItWasReady) {
  KeptProgram ends = program("guardian");
  ends.arguments = {"-c", "exit 3"};
  ends.ready_socket = file("no.sock");
  const auto keeper = Keeper::start({ends});
  ASSERT_FALSE(keeper);
  EXPECT_NE(keeper.error().message.find("guardian"), std::string::npos);
}

}  // namespace
}  // namespace vss::platform
