// What vssctl may ask, who it may be, and what its connection is bound to.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/runtime_paths.hpp"
#include "peers.hpp"
#include "running_driver.hpp"

namespace vss::conformance {
namespace {

using wire::ControlCommand;
using wire::Operation;

class Control : public testing::Test {
 protected:
  void start() {
    driver.start();
    control = connect();
  }
  std::unique_ptr<ControlPeer> connect() {
    return std::make_unique<ControlPeer>(driver.socket(base::runtime::kControlSocket));
  }
  // By a user who is no administrator: root's test becomes one for a moment, on this thread alone.
  std::unique_ptr<ControlPeer> connect_as_somebody() {
    constexpr long kKeep = -1;
    constexpr long kNobody = 65534;
    const bool root = ::geteuid() == 0;
    if (root) ::syscall(SYS_setresuid, kKeep, kNobody, kKeep);
    auto peer = connect();
    if (root) ::syscall(SYS_setresuid, kKeep, 0L, kKeep);
    EXPECT_TRUE(peer->connected());
    return peer;
  }
  // A writer that has answered PREPARE and FREEZE of the request that was just made.
  std::unique_ptr<RegisteredPeer> connect_writer() {
    auto peer = std::make_unique<RegisteredPeer>(driver.socket(base::runtime::kAppSocket));
    wire::Registration registration;
    registration.name = "db";
    EXPECT_EQ(peer->register_as(registration).status, wire::kStatusSuccess);
    return peer;
  }
  static void hold(RegisteredPeer& writer) {
    EXPECT_TRUE(writer.serve(Operation::kPrepare));
    EXPECT_TRUE(writer.serve(Operation::kFreeze));
  }

  RunningDriver driver;
  std::unique_ptr<ControlPeer> control;
};

TEST_F(Control, StatusWritersAndHistoryAreJsonDocuments) {
  start();
  const auto writer = connect_writer();
  EXPECT_EQ(control->ask_and_wait(request_for(ControlCommand::kStatus))->status,
            wire::kStatusSuccess);
  EXPECT_EQ(control->document.front(), '{');
  control->ask_and_wait(request_for(ControlCommand::kWriters));
  EXPECT_NE(control->document.find("\"db\""), std::string::npos);
  EXPECT_EQ(control->ask_and_wait(request_for(ControlCommand::kHistory))->status,
            wire::kStatusSuccess);
}

TEST_F(Control, StatusTellsAConfigurationThatWasRefusedFromAllElse) {
  driver.configuration.policy.standing_veto = "line 3: unknown key";
  start();
  control->ask_and_wait(request_for(ControlCommand::kStatus));
  EXPECT_NE(control->document.find("\"standing_veto\":\"line 3: unknown key\""), std::string::npos);
}

TEST_F(Control, ExplainOfWhatNeverWasSaysSo) {
  start();
  const auto reply = control->ask_and_wait(request_for(ControlCommand::kExplain));
  EXPECT_EQ(reply->status, wire::kStatusFail);
  EXPECT_FALSE(reply->reason.empty());
}

TEST_F(Control, SnapshotIsAbortedWhenItsConnectionGoesAway) {
  start();
  const auto writer = connect_writer();
  control->ask(request_for(ControlCommand::kSnapshot));
  hold(*writer);
  ASSERT_EQ(control->reply()->status, wire::kStatusSuccess);
  control->close();
  EXPECT_TRUE(writer->serve(Operation::kAbort));
}

TEST_F(Control, HoldOutlivesItsConnectionAndIsReleasedByItsId) {
  start();
  const auto writer = connect_writer();
  control->ask(request_for(ControlCommand::kHold));
  hold(*writer);
  const auto held = control->reply();
  ASSERT_EQ(held->status, wire::kStatusSuccess);
  control->close();
  EXPECT_FALSE(writer->next_event(milliseconds{100}));
  const auto other = connect();
  wire::ControlRequest release = request_for(ControlCommand::kRelease);
  release.transaction = held->transaction;
  other->ask(release);
  EXPECT_TRUE(writer->serve(Operation::kThaw));
  EXPECT_EQ(other->reply()->status, wire::kStatusSuccess);
  EXPECT_EQ(other->ask_and_wait(release)->status, wire::kStatusFail);  // only once
}

TEST_F(Control, SecondRequesterIsRefusedAndToldWhoOwnsTheTransaction) {
  start();
  const auto writer = connect_writer();
  control->ask(request_for(ControlCommand::kHold));
  hold(*writer);
  ASSERT_EQ(control->reply()->status, wire::kStatusSuccess);
  const auto other = connect();
  const auto refused = other->ask_and_wait(request_for(ControlCommand::kSnapshot));
  EXPECT_EQ(refused->status, wire::kStatusFail);
  EXPECT_NE(refused->reason.view().find("vssctl"), std::string_view::npos);
  EXPECT_EQ(other->ask_and_wait(request_for(ControlCommand::kThaw))->status, wire::kStatusFail);
}

TEST_F(Control, AbortEndsWhoeversTransactionAndTellsItsOwner) {
  start();
  const auto writer = connect_writer();
  control->ask(request_for(ControlCommand::kSnapshot));
  hold(*writer);
  ASSERT_EQ(control->reply()->status, wire::kStatusSuccess);
  const auto other = connect();
  other->ask(request_for(ControlCommand::kAbort));
  EXPECT_EQ(control->notice()->kind, wire::NoticeKind::kAborted);
  EXPECT_TRUE(writer->serve(Operation::kAbort));
  EXPECT_EQ(other->reply()->status, wire::kStatusSuccess);
  const auto ended = control->notice();
  EXPECT_EQ(ended->kind, wire::NoticeKind::kEnded);
  EXPECT_EQ(ended->outcome.status, wire::kStatusFail);
}

TEST_F(Control, ExpiredHoldIsToldToItsOwner) {
  start();
  const auto writer = connect_writer();
  auto request = request_for(ControlCommand::kSnapshot);
  request.hold_budget = base::milliseconds{400};
  control->ask(request);
  hold(*writer);
  ASSERT_EQ(control->reply()->status, wire::kStatusSuccess);
  EXPECT_EQ(control->notice()->kind, wire::NoticeKind::kExpired);
  EXPECT_TRUE(writer->serve(Operation::kThaw));
  EXPECT_EQ(control->notice()->kind, wire::NoticeKind::kEnded);
  EXPECT_EQ(control->ask_and_wait(request_for(ControlCommand::kThaw))->status, wire::kStatusFail);
}

TEST_F(Control, RequestBeyondTheLongestHoldIsRefused) {
  driver.configuration.hold_limit = base::seconds{40};
  start();
  auto request = request_for(ControlCommand::kHold);
  request.hold_budget = base::seconds{41};
  const auto reply = control->ask_and_wait(request);
  EXPECT_EQ(reply->status, wire::kStatusFail);
  EXPECT_NE(reply->reason.view().find("40 s"), std::string_view::npos);
}

TEST_F(Control, RequestThatIsTooLargeForTheFreezerIsRefused) {
  const base::FixedText<256> pattern{std::string(250, 'x')};
  while (driver.configuration.filesystems.exclude.push_back(pattern)) {
  }
  start();
  for (const auto command : {ControlCommand::kCheck, ControlCommand::kHold}) {
    auto request = request_for(command, wire::Selection::kPaths);
    for (int i = 0; i < 55; ++i) {
      request.filesystems.paths.push_back(wire::Path{"/" + std::string(1000, 'p')});
    }
    const auto reply = control->ask_and_wait(request);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, wire::kStatusFail);
    EXPECT_NE(reply->reason.view().find("too long"), std::string_view::npos);
  }
}

TEST_F(Control, QuestionsOfOthersAreLimited) {
  driver.user_is_administrator = false;
  driver.start();
  control = connect_as_somebody();
  int answered = 0;
  while (answered < 1000 && control->ask_and_wait(request_for(ControlCommand::kStatus)))
    ++answered;
  EXPECT_LT(answered, 1000);
  EXPECT_GE(answered, 50);
}

TEST_F(Control, OthersMayLookButNotAct) {
  driver.user_is_administrator = false;
  driver.start();
  control = connect_as_somebody();
  for (const auto command :
       {ControlCommand::kSnapshot, ControlCommand::kHold, ControlCommand::kRelease,
        ControlCommand::kThaw, ControlCommand::kAbort, ControlCommand::kCheck}) {
    const auto reply = control->ask_and_wait(request_for(command));
    EXPECT_EQ(reply->status, wire::kStatusFail);
    EXPECT_NE(reply->reason.view().find("vss-admin"), std::string_view::npos);
  }
  EXPECT_EQ(control->ask_and_wait(request_for(ControlCommand::kStatus))->status,
            wire::kStatusSuccess);
}

}  // namespace
}  // namespace vss::conformance
