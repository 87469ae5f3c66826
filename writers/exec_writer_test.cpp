#include "writers/exec_writer.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace vss::writers {
namespace {

using namespace std::chrono_literals;

// The calls, as vss::Writer makes them.
class Callable : public ExecWriter {
 public:
  explicit Callable(Commands commands)
      : ExecWriter({.name = "exec", .socket = "/nonexistent"}, std::move(commands)) {}
  using ExecWriter::abort;
  using ExecWriter::check;
  using ExecWriter::freeze;
  using ExecWriter::prepare;
  using ExecWriter::thaw;
};

Request within(std::chrono::milliseconds time) {
  return {.id = 1, .transaction = 77, .reply_deadline = BootClock::now() + time};
}

bool exists(const std::string& process) {
  std::ifstream stat("/proc/" + process + "/stat");
  std::string text;
  std::getline(stat, text);
  return !text.empty() && text.find(") Z ") == std::string::npos;
}

// A kill takes a moment to be seen.
bool ends(const std::string& process) {
  for (int i = 0; i < 100 && exists(process); ++i)
    std::this_thread::sleep_for(5ms);
  return !exists(process);
}

class ExecWriterTest : public testing::Test {
 protected:
  ExecWriterTest() {
    std::string name = testing::TempDir() + "/vss_exec_XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  ~ExecWriterTest() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name) const { return directory_ / name; }
  std::string contents(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(file(name)).rdbuf();
    return text.str();
  }
  std::string append(const std::string& what) const {
    return "echo " + what + " >> " + file("log");
  }
  bool appears(const std::string& name) const {
    for (int i = 0; i < 200; ++i) {
      if (std::filesystem::exists(file(name))) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }

  std::filesystem::path directory_;
};

TEST_F(ExecWriterTest, RunsEachCommandInItsPhase) {
  Callable writer({.prepare = append("$VSS_PHASE $VSS_TRANSACTION"),
                   .freeze = append("$VSS_PHASE $VSS_TRANSACTION"),
                   .thaw = append("$VSS_PHASE"),
                   .abort = append("$VSS_PHASE")});
  EXPECT_TRUE(writer.check(within(1s)).success);
  EXPECT_EQ(contents("log"), "");
  EXPECT_TRUE(writer.prepare(within(1s)).success);
  EXPECT_EQ(contents("log"), "prepare 0-77\n");
  EXPECT_TRUE(writer.freeze(within(1s)).success);
  EXPECT_TRUE(writer.thaw(within(1s)).success);
  EXPECT_EQ(contents("log"), "prepare 0-77\nfreeze 0-77\nthaw\n");
}

TEST_F(ExecWriterTest, ForksInPrepareWhatRunsInFreeze) {
  Callable writer(
      {.prepare = {}, .freeze = "echo $$ > " + file("pid"), .thaw = "true", .abort = {}});
  ASSERT_TRUE(writer.prepare(within(1s)).success);
  std::ostringstream children;
  children << std::ifstream("/proc/thread-self/children").rdbuf();
  ASSERT_TRUE(writer.freeze(within(1s)).success);
  std::istringstream all(children.str());
  const std::string pid = contents("pid").substr(0, contents("pid").find('\n'));
  bool found = false;
  for (std::string child; all >> child;)
    found = found || child == pid;
  EXPECT_TRUE(found) << pid << " was not among " << children.str();
}

TEST_F(ExecWriterTest, SaysWhyACommandFailed) {
  Callable writer(
      {.prepare = {}, .freeze = "echo no such table >&2; exit 3", .thaw = "true", .abort = {}});
  ASSERT_TRUE(writer.prepare(within(1s)).success);
  const Answer answer = writer.freeze(within(1s));
  EXPECT_FALSE(answer.success);
  EXPECT_EQ(answer.reason, "the freeze command exited with status 3: no such table");
}

TEST_F(ExecWriterTest, StopsAtAFailedPrepare) {
  Callable writer(
      {.prepare = "exit 1", .freeze = append("freeze"), .thaw = append("thaw"), .abort = {}});
  EXPECT_FALSE(writer.prepare(within(1s)).success);
  EXPECT_TRUE(writer.abort(within(1s)).success);
  EXPECT_EQ(contents("log"), "");
}

TEST_F(ExecWriterTest, KillsACommandThatOverrunsWithItsGroup) {
  Callable writer({.prepare = {},
                   .freeze = "(sleep 60 & echo $! > " + file("pid") + "; wait)",
                   .thaw = "true",
                   .abort = {}});
  ASSERT_TRUE(writer.prepare(within(1s)).success);
  const auto began = BootClock::now();
  const Answer answer = writer.freeze(within(1s));
  EXPECT_LT(BootClock::now() - began, 1s);
  EXPECT_FALSE(answer.success);
  EXPECT_NE(answer.reason.find("took too long"), std::string::npos);
  const std::string sleeper = contents("pid").substr(0, contents("pid").find('\n'));
  EXPECT_TRUE(ends(sleeper));
}

TEST_F(ExecWriterTest, AbortsAFrozenApplicationByThawing) {
  Callable writer(
      {.prepare = {}, .freeze = append("freeze"), .thaw = append("$VSS_PHASE"), .abort = {}});
  ASSERT_TRUE(writer.prepare(within(1s)).success);
  ASSERT_TRUE(writer.freeze(within(1s)).success);
  EXPECT_TRUE(writer.abort(within(1s)).success);
  EXPECT_EQ(contents("log"), "freeze\nabort\n");
}

TEST_F(ExecWriterTest, DoesNotThawWhatWasNotFrozen) {
  Callable writer({.prepare = {}, .freeze = append("freeze"), .thaw = append("thaw"), .abort = {}});
  ASSERT_TRUE(writer.prepare(within(1s)).success);
  EXPECT_TRUE(writer.abort(within(1s)).success);
  EXPECT_EQ(contents("log"), "");
}

TEST_F(ExecWriterTest, RunsAnAbortCommandOfItsOwnAlsoWithoutFreeze) {
  Callable writer({.prepare = append("prepare"),
                   .freeze = append("freeze"),
                   .thaw = append("thaw"),
                   .abort = append("abort")});
  ASSERT_TRUE(writer.prepare(within(1s)).success);
  EXPECT_TRUE(writer.abort(within(1s)).success);
  EXPECT_EQ(contents("log"), "prepare\nabort\n");
}

TEST_F(ExecWriterTest, LeavesALateThawRunningAndRefusesUntilItEnds) {
  Callable writer(
      {.prepare = {}, .freeze = "true", .thaw = "sleep 0.4; touch " + file("thawed"), .abort = {}});
  ASSERT_TRUE(writer.prepare(within(1s)).success);
  ASSERT_TRUE(writer.freeze(within(1s)).success);
  EXPECT_TRUE(writer.thaw(within(200ms)).success) << "it was held until now";
  EXPECT_FALSE(writer.check(within(1s)).success);
  EXPECT_FALSE(writer.prepare(within(1s)).success);
  EXPECT_TRUE(appears("thawed"));
  for (int i = 0; i < 100 && !writer.check(within(1s)).success; ++i)
    std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(writer.prepare(within(1s)).success);
}

TEST_F(ExecWriterTest, LeavesNoProcessBehind) {
  {
    Callable writer({.prepare = {}, .freeze = "true", .thaw = "true", .abort = {}});
    ASSERT_TRUE(writer.prepare(within(1s)).success);
    ASSERT_TRUE(writer.freeze(within(1s)).success);
    ASSERT_TRUE(writer.thaw(within(1s)).success);
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

// A process that holds and is killed.
void die_while_holding(const Commands& commands, const std::string& ready) {
  const pid_t victim = ::fork();
  if (victim == 0) {
    Callable writer(commands);
    if (writer.prepare(within(1s)).success) {
      std::thread killer([&] {
        while (!std::filesystem::exists(ready))
          std::this_thread::sleep_for(1ms);
        ::kill(::getpid(), SIGKILL);
      });
      writer.freeze(within(5s));
      ::pause();
    }
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(victim, &status, 0), victim);
  ASSERT_TRUE(WIFSIGNALED(status));
}

TEST_F(ExecWriterTest, AbortsByItselfWhenTheWriterIsKilledWhileHolding) {
  die_while_holding({.prepare = {},
                     .freeze = "touch " + file("frozen"),
                     .thaw = "touch " + file("thawed"),
                     .abort = {}},
                    file("frozen"));
  EXPECT_TRUE(appears("thawed"));
}

TEST_F(ExecWriterTest, EndsTheFreezeCommandBeforeItAbortsByItself) {
  const std::string began = file("began");
  die_while_holding(
      {.prepare = {},
       .freeze = "echo $$ > " + began + "- && mv " + began + "- " + began + "; sleep 5",
       .thaw = "touch " + file("thawed"),
       .abort = {}},
      began);
  EXPECT_TRUE(appears("thawed"));
  const std::string freeze = contents("began").substr(0, contents("began").find('\n'));
  EXPECT_TRUE(ends(freeze));
}

TEST_F(ExecWriterTest, DoesNothingByItselfWhenTheWriterIsKilledBeforeFreeze) {
  const pid_t victim = ::fork();
  if (victim == 0) {
    Callable writer(
        {.prepare = {}, .freeze = "true", .thaw = "touch " + file("thawed"), .abort = {}});
    writer.prepare(within(1s));
    ::kill(::getpid(), SIGKILL);
  }
  ASSERT_EQ(::waitpid(victim, nullptr, 0), victim);
  std::this_thread::sleep_for(100ms);
  EXPECT_FALSE(std::filesystem::exists(file("thawed")));
}

}  // namespace
}  // namespace vss::writers
