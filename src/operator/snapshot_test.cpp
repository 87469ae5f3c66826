#include <gmock/gmock.h>
#include <signal.h>

#include <future>

#include "operator/vssctl_process.hpp"
#include "records/json.hpp"
#include "records/sample_record.hpp"

namespace vss::operators {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FakePeer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::VssctlTest;
using wire::ControlCommand;
using wire::ControlRequest;
using wire::NoticeKind;

base::Instant in_ms(int milliseconds) {
  return platform::now() + base::milliseconds(milliseconds);
}

class SnapshotTest : public VssctlTest {
 protected:
  // A vssd that holds and thaws as it should.
  void good_vssd() {
    serve([](FakePeer& peer, const ControlRequest& request) {
      peer.reply(true, "", in_ms(5000));
      if (request.command == ControlCommand::kThaw) peer.notice(NoticeKind::kEnded, true);
    });
  }
  // Holds, waits until COMMAND runs (it makes the file `started`), then does something else.
  void vssd_that_then(const std::function<void(FakePeer&)>& then) {
    serve([=, this](FakePeer& peer, const ControlRequest& request) {
      if (request.command == ControlCommand::kSnapshot) {
        peer.reply(true, "", in_ms(5000));
        EXPECT_TRUE(appears("started"));
        then(peer);
      } else {
        peer.reply(false, "nothing is held");
        peer.notice(NoticeKind::kEnded, false, "nothing is held");
      }
    });
  }
  // COMMAND that runs until it is told to end, and says so.
  std::string long_command() {
    return script_file("long", "trap 'touch " + path("terminated") + "; exit 0' TERM\ntouch " +
                                   path("started") + "\nwhile :; do sleep 0.05; done");
  }
};

TEST_F(SnapshotTest, GoodCopyGivesTheStatusOfTheCommand) {
  good_vssd();
  EXPECT_EQ(run({"snapshot", "--", "true"}).status, 0);
  EXPECT_EQ(run({"snapshot", "--", "sh", "-c", "exit 7"}).status, 7);
  EXPECT_EQ(run({"snapshot", "--", "sh", "-c", "kill -9 $$"}).status, 137);
  EXPECT_THAT(vssd_->commands().size(), 6U);
  EXPECT_EQ(vssd_->commands()[1], ControlCommand::kThaw);
}

TEST_F(SnapshotTest, CommandKeepsItsOutputAndItsOptions) {
  good_vssd();
  const auto ended = run({"snapshot", "--", "echo", "--help", "-v", "--", "x"});
  EXPECT_EQ(ended.out, "--help -v -- x\n");
  EXPECT_THAT(ended.err, HasSubstr("application-consistent, transaction 6a11f0c2-3"));
}

TEST_F(SnapshotTest, RequestCarriesWhatWasAsked) {
  std::unique_ptr<ControlRequest> seen;
  serve([&](FakePeer& peer, const ControlRequest& request) {
    seen = std::make_unique<ControlRequest>(request);
    peer.reply(false, "no");
  });
  run({"snapshot", "--filesystems", "/srv/a/", "/srv/./b", "--hold-max", "2.5", "--require",
       "application", "--", "cp", "a", "b"});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->filesystems.selection, wire::Selection::kPaths);
  ASSERT_EQ(seen->filesystems.paths.size(), 2U);
  EXPECT_EQ(seen->filesystems.paths[0].view(), "/srv/a");
  EXPECT_EQ(seen->filesystems.paths[1].view(), "/srv/b");
  EXPECT_TRUE(seen->require_given);
  EXPECT_EQ(seen->filesystems.require, wire::Grade::kApplication);
  EXPECT_EQ(seen->hold_budget, base::milliseconds(2500));
  EXPECT_EQ(seen->note.view(), "cp a b");
}

TEST_F(SnapshotTest, RefusedMeansNotRun) {
  serve([](FakePeer& peer, const ControlRequest&) { peer.reply(false, "writer db is absent"); });
  const auto ended = run({"snapshot", "--", "touch", path("ran")});
  EXPECT_EQ(ended.status, 125);
  EXPECT_THAT(ended.err, HasSubstr("COMMAND was not run: writer db is absent"));
  EXPECT_FALSE(exists("ran"));
}

TEST_F(SnapshotTest, VssdLostBeforeTheAnswerMeansNotRun) {
  serve([](FakePeer& peer, const ControlRequest&) { peer.close(); });
  const auto ended = run({"snapshot", "--", "touch", path("ran")});
  EXPECT_EQ(ended.status, 125);
  EXPECT_THAT(ended.err, HasSubstr("vssd was lost"));
  EXPECT_FALSE(exists("ran"));
}

TEST_F(SnapshotTest, NoVssdMeansNotRunAndNamesTheSocket) {
  const auto ended = run({"snapshot", "--", "touch", path("ran")});
  EXPECT_EQ(ended.status, 125);
  EXPECT_THAT(ended.err, AllOf(HasSubstr(path("control.sock")), HasSubstr("start it")));
}

TEST_F(SnapshotTest, WrongUsageMeansNotRun) {
  EXPECT_EQ(run({"snapshot"}).status, 125);
  EXPECT_EQ(run({"snapshot", "--"}).status, 125);
  EXPECT_EQ(run({"snapshot", "true"}).status, 125);
  EXPECT_EQ(run({"snapshot", "--require", "best", "--", "true"}).status, 125);
  EXPECT_EQ(run({"snapshot", "--hold-max", "0", "--", "true"}).status, 125);
  write("empty.toml", "nonsense = 1\n");
  EXPECT_EQ(run({"snapshot", "--", "true"}).status, 125);
}

TEST_F(SnapshotTest, UnknownCommandCostsNoFreeze) {
  good_vssd();
  write("plain", "text");
  EXPECT_EQ(run({"snapshot", "--", "openvss-no-such-program"}).status, 127);
  EXPECT_EQ(run({"snapshot", "--", path("absent")}).status, 127);
  EXPECT_EQ(run({"snapshot", "--", directory_}).status, 126);
  EXPECT_EQ(run({"snapshot", "--", path("plain")}).status, 126);
  EXPECT_THAT(vssd_->commands(), IsEmpty());
}

TEST_F(SnapshotTest, CommandThatVanishesBeforeItRunsIsThawedFor) {
  const std::string command = script_file("brief", "exit 0");
  serve([&](FakePeer& peer, const ControlRequest& request) {
    std::filesystem::remove(command);
    peer.reply(true, "", in_ms(5000));
    if (request.command == ControlCommand::kThaw) peer.notice(NoticeKind::kEnded, true);
  });
  EXPECT_EQ(run({"snapshot", "--", command}).status, 127);
  EXPECT_THAT(vssd_->commands(), ElementsAre(ControlCommand::kSnapshot, ControlCommand::kThaw));
}

TEST_F(SnapshotTest, CommandIsForkedBeforeVssdIsAsked) {
  std::string children;
  std::promise<pid_t> vssctl;
  serve([&](FakePeer& peer, const ControlRequest&) {
    const std::string id = std::to_string(vssctl.get_future().get());
    std::ifstream("/proc/" + id + "/task/" + id + "/children") >> children;
    peer.reply(false, "enough");
  });
  run({"snapshot", "--", "true"}, [&](pid_t pid) { vssctl.set_value(pid); });
  EXPECT_THAT(children, Not(IsEmpty()));
}

TEST_F(SnapshotTest, RefusedThawMeansTorn) {
  serve([](FakePeer& peer, const ControlRequest& request) {
    const bool opens = request.command == ControlCommand::kSnapshot;
    peer.reply(opens, opens ? "" : "the guardian thawed /srv/a", in_ms(5000));
    // Says nothing of its own, so that the answer alone decides.
    if (!opens) peer.notice(NoticeKind::kEnded, true);
  });
  const auto ended = run({"snapshot", "--", "true"});
  EXPECT_EQ(ended.status, 124);
  EXPECT_THAT(ended.err, HasSubstr("may be torn: the guardian thawed /srv/a"));
}

TEST_F(SnapshotTest, EndThatIsNotGoodMeansTornThoughThawWasAnsweredYes) {
  serve([](FakePeer& peer, const ControlRequest& request) {
    peer.reply(true, "", in_ms(5000));
    if (request.command == ControlCommand::kThaw) {
      peer.notice(NoticeKind::kEnded, false, "writer db was lost");
    }
  });
  EXPECT_EQ(run({"snapshot", "--", "true"}).status, 124);
}

TEST_F(SnapshotTest, ExpiredNoticeTerminatesTheCommand) {
  vssd_that_then([](FakePeer& peer) {
    peer.notice(NoticeKind::kExpired, false, "the hold deadline passed");
    peer.notice(NoticeKind::kEnded, false, "the hold deadline passed");
  });
  const auto ended = run({"snapshot", "--", long_command()});
  EXPECT_EQ(ended.status, 124);
  EXPECT_THAT(ended.err, HasSubstr("the hold deadline passed"));
  EXPECT_TRUE(appears("terminated"));
}

TEST_F(SnapshotTest, AbortNoticeTerminatesTheCommand) {
  vssd_that_then([](FakePeer& peer) {
    peer.notice(NoticeKind::kAborted, false, "ended by vssctl:9");
    peer.notice(NoticeKind::kEnded, false, "ended by vssctl:9");
  });
  EXPECT_EQ(run({"snapshot", "--", long_command()}).status, 124);
  EXPECT_TRUE(appears("terminated"));
}

TEST_F(SnapshotTest, VssdLostWhileHeldMeansTorn) {
  vssd_that_then([](FakePeer& peer) { peer.close(); });
  const auto ended = run({"snapshot", "--", long_command()});
  EXPECT_EQ(ended.status, 124);
  EXPECT_THAT(ended.err, HasSubstr("vssd was lost"));
  EXPECT_TRUE(appears("terminated"));
}

TEST_F(SnapshotTest, DeadlineIsKeptWithoutWordFromVssd) {
  serve([&](FakePeer& peer, const ControlRequest& request) {
    if (request.command != ControlCommand::kSnapshot) return;
    peer.reply(true, "", in_ms(300));
    ::usleep(800'000);
    peer.notice(NoticeKind::kEnded, false, "late");
  });
  const auto ended = run({"snapshot", "--", long_command()});
  EXPECT_EQ(ended.status, 124);
  EXPECT_THAT(ended.err, HasSubstr("deadline passed while COMMAND ran"));
  EXPECT_TRUE(appears("terminated"));
}

TEST_F(SnapshotTest, CommandThatDoesNotEndIsNotWaitedFor) {
  vssd_that_then(
      [](FakePeer& peer) { peer.notice(NoticeKind::kEnded, false, "the hold deadline passed"); });
  const auto command = script_file("deaf", "trap '' TERM\nexec >&- 2>&-\ntouch " + path("started") +
                                               "\nwhile ! [ -e " + path("stop") +
                                               " ]; do sleep 0.05; done\ntouch " + path("stopped"));
  EXPECT_EQ(run({"snapshot", "--", command}).status, 124);
  EXPECT_FALSE(exists("stopped"));
  write("stop", "");
  EXPECT_TRUE(appears("stopped"));
}

TEST_F(SnapshotTest, SignalWhileHeldTerminatesTheCommandAndThaws) {
  good_vssd();
  const auto ended = run({"snapshot", "--", long_command()}, [&](pid_t pid) {
    EXPECT_TRUE(appears("started"));
    ::kill(pid, SIGTERM);
  });
  EXPECT_EQ(ended.status, 124);
  EXPECT_THAT(vssd_->commands(), ElementsAre(ControlCommand::kSnapshot, ControlCommand::kThaw));
  EXPECT_TRUE(appears("terminated"));
}

TEST_F(SnapshotTest, SignalBeforeTheHoldMeansNotRun) {
  serve([&](FakePeer&, const ControlRequest&) { write("asked", ""); });
  const auto ended = run({"snapshot", "--", "touch", path("ran")}, [&](pid_t pid) {
    EXPECT_TRUE(appears("asked"));
    ::kill(pid, SIGINT);
  });
  EXPECT_EQ(ended.status, 125);
  EXPECT_FALSE(exists("ran"));
}

TEST_F(SnapshotTest, NothingIsWrittenWhileHeld) {
  std::string while_held = "(thaw was not asked for)";
  serve([&](FakePeer& peer, const ControlRequest& request) {
    if (request.command == ControlCommand::kThaw) while_held = read("err");
    peer.reply(true, "", in_ms(5000));
    if (request.command == ControlCommand::kThaw) peer.notice(NoticeKind::kEnded, true);
  });
  // Longer than the second after which progress would be shown on a terminal.
  const auto ended = run({"snapshot", "--", "sleep", "1.1"});
  EXPECT_EQ(while_held, "");
  EXPECT_THAT(ended.err, HasSubstr("consistent"));
}

TEST_F(SnapshotTest, CommandThatFreezesByItselfIsNamedWithItsRemedy) {
  vssd_that_then(
      [](FakePeer& peer) { peer.notice(NoticeKind::kEnded, false, "the hold deadline passed"); });
  std::filesystem::rename(long_command(), path("lvcreate"));
  const auto ended = run({"snapshot", "--", path("lvcreate"), "-s", "vg/data"});
  EXPECT_EQ(ended.status, 124);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("warning: `lvcreate -s` freezes by itself"),
                               HasSubstr("waits for the thaw of what it copies: use "
                                         "--filesystems none")));
}

TEST_F(SnapshotTest, CommandThatFreezesByItselfIsWelcomeWhereNothingElseDoes) {
  good_vssd();
  const auto command = script_file("lvcreate", "exit 0");
  const auto ended = run({"snapshot", "--filesystems", "none", "--", command, "-s", "vg/data"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.err, Not(HasSubstr("--filesystems none")));
}

TEST_F(SnapshotTest, VerboseShowsTheTimeline) {
  serve([](FakePeer& peer, const ControlRequest& request) {
    if (request.command == ControlCommand::kExplain) {
      EXPECT_EQ(request.transaction, testing::kTransaction);
      return peer.document(records::to_json(records::testing::sample_record()));
    }
    peer.reply(true, "", in_ms(5000));
    if (request.command == ControlCommand::kThaw) peer.notice(NoticeKind::kEnded, true);
  });
  const auto ended = run({"snapshot", "-v", "--", "true"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("Timeline"), HasSubstr("writer bank (level 50)")));
}

}  // namespace
}  // namespace vss::operators
