// A driver that dies with a transaction open, and the one that comes after it.
#include <gtest/gtest.h>

#include "base/runtime_paths.hpp"
#include "peers.hpp"
#include "running_driver.hpp"

namespace vss::conformance {
namespace {

using wire::ControlCommand;
using wire::Operation;

class Restart : public testing::Test {
 protected:
  // Holds with one writer; gives the transaction.
  base::TransactionId hold() {
    driver.start();
    writer = std::make_unique<RegisteredPeer>(driver.socket(base::runtime::kAppSocket));
    wire::Registration registration;
    registration.name = "db";
    writer->register_as(registration);
    ControlPeer control(driver.socket(base::runtime::kControlSocket));
    control.ask(request_for(ControlCommand::kHold));
    EXPECT_TRUE(writer->serve(Operation::kPrepare));
    EXPECT_TRUE(writer->serve(Operation::kFreeze));
    const auto held = control.reply();
    EXPECT_TRUE(held && held->status == wire::kStatusSuccess);
    return held->transaction;
  }

  RunningDriver driver;
  std::unique_ptr<RegisteredPeer> writer;
};

TEST_F(Restart, InMidHoldFailsTheReleaseAndSaysWhy) {
  const base::TransactionId id = hold();
  driver.kill();
  EXPECT_TRUE(writer->is_disconnected());
  driver.start();
  ControlPeer control(driver.socket(base::runtime::kControlSocket));
  wire::ControlRequest release = request_for(ControlCommand::kRelease);
  release.transaction = id;
  const auto released = control.ask_and_wait(release);
  EXPECT_EQ(released->status, wire::kStatusFail);
  EXPECT_NE(released->reason.view().find("restart"), std::string_view::npos)
      << released->reason.view();
}

TEST_F(Restart, CanExplainTheLostTransactionAndRecordsItOnceAFreezerSaysClean) {
  const base::TransactionId id = hold();
  driver.kill();
  driver.start();
  ControlPeer control(driver.socket(base::runtime::kControlSocket));
  wire::ControlRequest explain = request_for(ControlCommand::kExplain);
  explain.transaction = id;
  EXPECT_EQ(control.ask_and_wait(explain)->status, wire::kStatusSuccess);
  EXPECT_NE(control.document.find("restarted while"), std::string::npos);
  const std::string id_text{base::to_text(id).view()};
  control.ask_and_wait(request_for(ControlCommand::kHistory));
  EXPECT_EQ(control.document.find(id_text), std::string::npos);  // something may still be frozen

  RegisteredPeer freezer(driver.socket(base::runtime::kFreezerSocket));
  wire::Registration registration;
  registration.role = wire::Role::kFreezer;
  registration.name = "freezer";
  registration.freezer_status.emplace();
  registration.freezer_status->clean = true;
  ASSERT_EQ(freezer.register_as(registration).status, wire::kStatusSuccess);
  control.ask_and_wait(request_for(ControlCommand::kHistory));
  EXPECT_NE(control.document.find(id_text), std::string::npos);
}

TEST_F(Restart, NeverGivesANumberAgain) {
  const base::TransactionId before = hold();
  driver.kill();
  const base::TransactionId after = hold();
  EXPECT_GT(after, before);
}

TEST_F(Restart, ShutDownInMidHoldAbortsAndStops) {
  hold();
  std::thread serving([this] { EXPECT_TRUE(writer->serve(Operation::kAbort)); });
  driver.shut_down();
  serving.join();
}

}  // namespace
}  // namespace vss::conformance
