#include <gmock/gmock.h>
#include <signal.h>

#include "operator/vssctl_process.hpp"
#include "records/documents.hpp"
#include "records/json.hpp"
#include "records/sample_record.hpp"

namespace vss::operators {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FakePeer;
using ::testing::HasSubstr;
using testing::VssctlTest;
using wire::ControlCommand;
using wire::ControlRequest;

TEST_F(VssctlTest, StatusAsTextAndAsJson) {
  records::StatusDocument status;
  status.version = "1.2.3";
  const std::string document = records::to_json(status);
  serve([&](FakePeer& peer, const ControlRequest&) { peer.document(document); });
  const auto text = run({"status"});
  EXPECT_EQ(text.status, 0);
  EXPECT_THAT(text.out, HasSubstr("vssd 1.2.3: ready"));
  EXPECT_EQ(run({"status", "--json"}).out, document + '\n');
}

TEST_F(VssctlTest, WithoutVssdTheSocketAndTheRemedyAreNamed) {
  const auto ended = run({"status"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, AllOf(HasSubstr(path("control.sock")), HasSubstr("--runtime-dir")));
}

TEST_F(VssctlTest, DocumentThatMakesNoSenseIsRefused) {
  serve([](FakePeer& peer, const ControlRequest&) { peer.document("{\"schema\":"); });
  const auto ended = run({"writers"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("vssd's answer is no JSON text"));
}

TEST_F(VssctlTest, ExplainAsksForTheTransaction) {
  base::TransactionId asked;
  serve([&](FakePeer& peer, const ControlRequest& request) {
    asked = request.transaction;
    peer.document(records::to_json(records::testing::sample_record()));
  });
  const auto ended = run({"explain", "6a11f0c2-3"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(asked, testing::kTransaction);
  EXPECT_THAT(ended.out, HasSubstr("Transaction 6a11f0c2-3: snapshot, consistent"));
}

TEST_F(VssctlTest, ExplainOfWhatIsNotThereIsANo) {
  serve([](FakePeer& peer, const ControlRequest&) { peer.reply(false, "no record of it"); });
  const auto ended = run({"explain"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("vssctl: no record of it"));
}

TEST_F(VssctlTest, PlanShowsTheFreezersFramesAndFailsWithThem) {
  serve([](FakePeer& peer, const ControlRequest&) {
    wire::MountDetail detail;
    detail.mount_point = "/srv/bad";
    detail.action = wire::MountAction::kVeto;
    peer.send(wire::make_frame(detail, peer.tag()));
    peer.send(wire::make_plan_end({.to_freeze = 4}, peer.tag(), 1, "/srv/bad is not explained"));
    peer.reply(false, "/srv/bad is not explained");
  });
  const auto text = run({"plan"});
  EXPECT_EQ(text.status, 1);
  EXPECT_THAT(text.out, AllOf(HasSubstr("/srv/bad"), HasSubstr("4 to freeze"),
                              HasSubstr("A snapshot would fail: /srv/bad is not explained")));
  EXPECT_THAT(run({"plan", "--json"}).out, HasSubstr("\"schema\":\"openvss.plan\""));
}

TEST_F(VssctlTest, CheckSaysYesOrWhyNot) {
  bool good = true;
  serve(
      [&](FakePeer& peer, const ControlRequest&) { peer.reply(good, good ? "" : "db is absent"); });
  EXPECT_EQ(run({"check"}).status, 0);
  good = false;
  const auto ended = run({"check"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("db is absent"));
}

TEST_F(VssctlTest, HoldPrintsTheIdAndReturns) {
  serve([](FakePeer& peer, const ControlRequest&) { peer.reply(true); });
  const auto ended = run({"hold"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, "6a11f0c2-3\n");
  EXPECT_EQ(ended.err, "");
}

TEST_F(VssctlTest, HoldThatIsRefusedSaysWhy) {
  serve([](FakePeer& peer, const ControlRequest&) {
    peer.reply(false, "only root and members of group vss-admin may do this");
  });
  const auto ended = run({"hold"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, HasSubstr("not held: only root and members of group vss-admin"));
}

TEST_F(VssctlTest, HoldIntoAFileThatMayFreezeIsRefused) {
  serve([](FakePeer& peer, const ControlRequest&) { peer.reply(true); });
  base::UniqueFd file(::open(path("id").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  const auto to_file = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--runtime-dir", directory_});
    return finish(spawn(std::move(arguments), file.get(), VSSCTL_PROGRAM), -1);
  };
  const std::string config = path("empty.toml");
  const auto refused = to_file({"hold", "--config", config});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("id=$(vssctl hold)"));
  EXPECT_EQ(to_file({"hold", "--config", config, "--filesystems", "none"}).status, 0);
  EXPECT_EQ(read("id"), "6a11f0c2-3\n");
}

TEST_F(VssctlTest, HoldThatIsStoppedIsReleasedAgain) {
  serve([&](FakePeer& peer, const ControlRequest& request) {
    if (request.command == ControlCommand::kHold) {
      write("asked", "");
      EXPECT_TRUE(appears("signalled"));
    }
    peer.reply(true);
  });
  const auto ended = run({"hold"}, [&](pid_t pid) {
    EXPECT_TRUE(appears("asked"));
    ::kill(pid, SIGINT);
    write("signalled", "");
  });
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(vssd_->commands(), ElementsAre(ControlCommand::kHold, ControlCommand::kRelease));
}

TEST_F(VssctlTest, ReleaseOfWhatExpiredIsANo) {
  serve([](FakePeer& peer, const ControlRequest& request) {
    EXPECT_EQ(request.transaction, testing::kTransaction);
    peer.reply(false, "the hold deadline passed before the release");
  });
  const auto ended = run({"release", "6a11f0c2-3"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err,
              AllOf(HasSubstr("the hold deadline passed"), HasSubstr("vssctl explain 6a11f0c2-3")));
}

TEST_F(VssctlTest, ThawEndsWhateverIsOpen) {
  serve([](FakePeer& peer, const ControlRequest&) { peer.reply(true); });
  EXPECT_EQ(run({"thaw"}).status, 0);
  EXPECT_THAT(vssd_->commands(), ElementsAre(ControlCommand::kAbort));
}

TEST_F(VssctlTest, ThawGoesOnWithABrokenConfiguration) {
  serve([](FakePeer& peer, const ControlRequest&) { peer.reply(true); });
  write("empty.toml", "nonsense = 1\n");
  const auto ended = run({"thaw"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.err, HasSubstr("unknown key \"nonsense\""));
  EXPECT_EQ(run({"status"}).status, 2);
}

TEST_F(VssctlTest, ForcedThawRunsTheRecoveryBesideIt) {
  if (::geteuid() != 0) {
    const auto ended = run({"thaw", "--force"});
    EXPECT_EQ(ended.status, 77);
    EXPECT_THAT(ended.err, HasSubstr("needs root"));
    return;
  }
  std::filesystem::copy(VSSCTL_PROGRAM, path("vssctl"));
  script_file("vss-freezer", "echo \"$@\" >" + path("recovered") + "; exit 1");
  const auto ended = run({"thaw", "--force"}, {}, path("vssctl"));
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(read("recovered"), "--thaw --force --runtime-dir " + directory_ + '\n');
  EXPECT_THAT(ended.err, HasSubstr("cannot connect"));
}

// What a plain daemon left frozen is in no slot: vssd has to be told.
TEST_F(VssctlTest, ForcedThawGivesItsWordOnlyWhereVssdStillRefusesAndTheRecoverySucceeded) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: NOTHING was tested";
  std::filesystem::copy(VSSCTL_PROGRAM, path("vssctl"));
  std::vector<bool> words;
  bool refuses = true;
  serve([&](FakePeer& peer, const ControlRequest& request) {
    words.push_back(request.all_thawed);
    peer.reply(!refuses || request.all_thawed, "may be frozen still");
  });
  script_file("vss-freezer", "exit 0");
  EXPECT_EQ(run({"thaw", "--force"}, {}, path("vssctl")).status, 0);
  script_file("vss-freezer", "exit 1");
  EXPECT_EQ(run({"thaw", "--force"}, {}, path("vssctl")).status, 1);
  vssd_->settle();
  EXPECT_THAT(words, ElementsAre(false, true, false));
  refuses = false;
  script_file("vss-freezer", "exit 0");
  EXPECT_EQ(run({"thaw", "--force"}, {}, path("vssctl")).status, 0);
  vssd_->settle();
  EXPECT_THAT(words, ElementsAre(false, true, false, false));
}

TEST_F(VssctlTest, ForcedThawIsANoWhereVssdRefusesAllTheSame) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: NOTHING was tested";
  std::filesystem::copy(VSSCTL_PROGRAM, path("vssctl"));
  script_file("vss-freezer", "exit 0");
  serve([](FakePeer& peer, const ControlRequest&) { peer.reply(false, "may be frozen still"); });
  EXPECT_EQ(run({"thaw", "--force"}, {}, path("vssctl")).status, 1);
}

TEST_F(VssctlTest, ForcedThawAsksAVssdAgainThatSeesTheRecoveryLate) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: NOTHING was tested";
  std::filesystem::copy(VSSCTL_PROGRAM, path("vssctl"));
  script_file("vss-freezer", "exit 0");
  int asked = 0;
  serve([&](FakePeer& peer, const ControlRequest&) { peer.reply(++asked == 4, "not thawed yet"); });
  EXPECT_EQ(run({"thaw", "--force"}, {}, path("vssctl")).status, 0);
}

TEST_F(VssctlTest, MissingConfigurationThatWasNamedIsAUsageError) {
  const auto ended = run({"--config", path("absent.toml"), "status"});
  EXPECT_EQ(ended.status, 2);
}

}  // namespace
}  // namespace vss::operators
