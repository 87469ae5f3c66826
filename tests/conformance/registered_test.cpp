// Writers and the freezer as they really speak: registered, over the sockets.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/runtime_paths.hpp"
#include "device_server.hpp"
#include "peers.hpp"
#include "platform/clock.hpp"
#include "running_driver.hpp"

namespace vss::conformance {
namespace {

using wire::ControlCommand;
using wire::Operation;

wire::Registration writer(const char* name) {
  wire::Registration registration;
  registration.name = name;
  return registration;
}

wire::Registration freezer() {
  wire::Registration registration;
  registration.role = wire::Role::kFreezer;
  registration.name = "freezer";
  registration.freezer_status.emplace();
  registration.freezer_status->clean = true;
  registration.freezer_status->guardian_alive = true;
  return registration;
}

wire::FilesystemSummary planned(std::uint32_t filesystems) {
  wire::FilesystemSummary summary;
  summary.to_freeze = filesystems;
  return summary;
}
wire::FilesystemSummary frozen(std::uint32_t filesystems) {
  wire::FilesystemSummary summary = planned(filesystems);
  summary.frozen = filesystems;
  return summary;
}

// One page that a freezer publishes in.
struct Page {
  Page() : fd(::memfd_create("thawed", MFD_CLOEXEC)) { EXPECT_EQ(::ftruncate(fd.get(), 4096), 0); }
  void publish(base::TransactionId id) const {
    EXPECT_EQ(::pwrite(fd.get(), &id.value, sizeof id.value, 0), ssize_t{sizeof id.value});
  }
  static std::uint64_t shown_by(const base::UniqueFd& fd) {
    std::uint64_t value = 0;
    EXPECT_EQ(::pread(fd.get(), &value, sizeof value, 0), ssize_t{sizeof value});
    return value;
  }
  base::UniqueFd fd;
};

class Registered : public testing::Test {
 protected:
  void start() {
    driver.start();
    control = std::make_unique<ControlPeer>(driver.socket(base::runtime::kControlSocket));
  }
  std::unique_ptr<RegisteredPeer> connect_writer(const char* name) {
    auto peer = std::make_unique<RegisteredPeer>(driver.socket(base::runtime::kAppSocket));
    EXPECT_EQ(peer->register_as(writer(name)).status, wire::kStatusSuccess);
    return peer;
  }
  std::unique_ptr<RegisteredPeer> connect_freezer(const Page& page) {
    auto peer = std::make_unique<RegisteredPeer>(driver.socket(base::runtime::kFreezerSocket));
    EXPECT_EQ(peer->register_as(freezer(), &page.fd).status, wire::kStatusSuccess);
    return peer;
  }
  void lose_freezer_in_hold(const Page& page, base::TransactionId& transaction) {
    const auto freezing = connect_freezer(page);
    control->ask(request_for(ControlCommand::kHold, wire::Selection::kAll));
    ASSERT_TRUE(freezing->serve(Operation::kPrepare, planned(1)));
    ASSERT_TRUE(freezing->serve(Operation::kFreeze, frozen(1)));
    const auto held = control->reply();
    ASSERT_EQ(held->status, wire::kStatusSuccess) << held->reason.view();
    transaction = held->transaction;
  }

  RunningDriver driver;
  std::unique_ptr<ControlPeer> control;
};

TEST_F(Registered, WriterAndFreezerCarryASnapshotFromPrepareToThaw) {
  start();
  const Page page;
  const auto freezing = connect_freezer(page);
  const auto database = connect_writer("db");
  auto request = request_for(ControlCommand::kSnapshot, wire::Selection::kAll);
  request.filesystems.require = wire::Grade::kApplication;
  control->ask(request);

  ASSERT_TRUE(database->serve(Operation::kPrepare));
  ASSERT_TRUE(freezing->serve(Operation::kPrepare, planned(2)));
  const auto freeze = database->next_event();
  ASSERT_EQ(freeze->operation, Operation::kFreeze);
  EXPECT_FALSE(freeze->hold_deadline.is_never());
  database->answer(*freeze);
  ASSERT_TRUE(freezing->serve(Operation::kFreeze, frozen(2)));
  const auto held = control->reply();
  ASSERT_EQ(held->status, wire::kStatusSuccess) << held->reason.view();
  EXPECT_EQ(held->grade, wire::Grade::kApplication);
  EXPECT_EQ(held->hold_deadline, freeze->hold_deadline);

  control->ask(request_for(ControlCommand::kThaw));
  ASSERT_TRUE(freezing->serve(Operation::kThaw, planned(2)));
  ASSERT_TRUE(database->serve(Operation::kThaw));
  EXPECT_EQ(control->reply()->status, wire::kStatusSuccess);
  auto explain = request_for(ControlCommand::kExplain);
  explain.transaction = held->transaction;
  EXPECT_EQ(control->ask_and_wait(explain)->status, wire::kStatusSuccess);
  EXPECT_NE(control->document.find("\"db\""), std::string::npos);
}

TEST_F(Registered, FreezerIsAskedForWhatTheRequestNames) {
  driver.configuration.filesystems.exclude.push_back("/scratch*");
  start();
  const Page page;
  const auto freezing = connect_freezer(page);
  auto request = request_for(ControlCommand::kCheck, wire::Selection::kPaths);
  request.filesystems.paths.push_back("/srv");
  control->ask(request);
  const auto frame = freezing->receive();
  const auto asked = wire::decode_filesystem_request(frame->view);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->selection, wire::Selection::kPaths);
  EXPECT_EQ(asked->paths[0].view(), "/srv");
  EXPECT_EQ(asked->exclude[0].view(), "/scratch*");
}

TEST_F(Registered, WriterReceivesTheThawedPageWithItsRegistrationOrLater) {
  start();
  const auto early = connect_writer("early");
  EXPECT_FALSE(early->thawed_page);
  const Page page;
  page.publish({77});
  const auto freezing = connect_freezer(page);
  const auto offer = early->receive();
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->kind(), wire::FrameKind::kThawedPage);
  EXPECT_EQ(Page::shown_by(offer->descriptor), 77U);
  const auto late = connect_writer("late");
  EXPECT_EQ(Page::shown_by(late->thawed_page), 77U);
}

TEST_F(Registered, FreezersReportsReachTheRecord) {
  start();
  const Page page;
  const auto freezing = connect_freezer(page);
  control->ask(request_for(ControlCommand::kCheck, wire::Selection::kAll));
  const auto check = freezing->next_event();
  wire::MountDetail detail;
  detail.transaction = check->transaction;
  detail.mount_point = "/srv/very-special";
  freezing->send(wire::make_frame(detail));
  freezing->answer(*check, wire::kStatusSuccess, planned(1));
  EXPECT_EQ(control->reply()->status, wire::kStatusSuccess);
  control->ask_and_wait(request_for(ControlCommand::kExplain));
  EXPECT_NE(control->document.find("/srv/very-special"), std::string::npos);
}

TEST_F(Registered, LostFreezersThawIsTakenFromThePage) {
  start();
  const Page page;
  base::TransactionId held;
  ASSERT_NO_FATAL_FAILURE(lose_freezer_in_hold(page, held));
  page.publish(held);  // by the guardian
  wire::ControlRequest release = request_for(ControlCommand::kRelease);
  release.transaction = held;
  const auto released = control->ask_and_wait(release);
  ASSERT_TRUE(released);
  EXPECT_EQ(released->status, wire::kStatusFail);
}

TEST_F(Registered, ThePageIsLookedAtHoweverMuchIsAskedMeanwhile) {
  start();
  const Page page;
  base::TransactionId held;
  ASSERT_NO_FATAL_FAILURE(lose_freezer_in_hold(page, held));
  page.publish(held);  // by the guardian
  const base::Instant until = platform::now() + base::seconds{2};
  std::string why;
  do {
    why = control->ask_and_wait(request_for(ControlCommand::kCheck))->reason.view();
  } while (why.contains(base::to_text(held).view()) && platform::now() < until);
  EXPECT_FALSE(why.contains(base::to_text(held).view())) << why;
}

// What was refused meanwhile has a number of its own, and the daemon is no reason not to look.
TEST_F(Registered, LostFreezersThawIsTakenFromThePageAlsoWhereAPlainDaemonTookItsPlace) {
  start();
  const Page page;
  auto freezing = connect_freezer(page);
  const auto database = connect_writer("db");
  const auto request = request_for(ControlCommand::kHold, wire::Selection::kAll);
  control->ask(request);
  ASSERT_TRUE(database->serve(Operation::kPrepare));
  ASSERT_TRUE(freezing->serve(Operation::kPrepare, planned(1)));
  ASSERT_TRUE(database->serve(Operation::kFreeze));
  ASSERT_TRUE(freezing->serve(Operation::kFreeze, frozen(1)));
  const auto held = control->reply();
  ASSERT_EQ(held->status, wire::kStatusSuccess) << held->reason.view();
  freezing.reset();
  const auto daemon = socket_door().open(driver.directory(), Device::kFilesystem);
  wire::DeviceMessage nothing;
  ASSERT_TRUE(daemon->read(nothing));
  EXPECT_EQ(control->ask_and_wait(request)->status, wire::kStatusFail);
  EXPECT_FALSE(database->next_event(milliseconds{100})) << "released, with filesystems frozen";
  page.publish(held->transaction);  // by the guardian
  EXPECT_TRUE(database->serve(Operation::kThaw));
}

TEST_F(Registered, LateAnswerIsToldToRollBack) {
  driver.configuration.policy.timeout_default = base::milliseconds{100};
  start();
  const auto database = connect_writer("db");
  control->ask(request_for(ControlCommand::kHold));
  ASSERT_TRUE(database->serve(Operation::kPrepare));
  const auto freeze = database->next_event();
  EXPECT_EQ(control->reply()->status, wire::kStatusFail);
  database->answer(*freeze);
  for (;;) {
    const auto frame = database->receive();
    ASSERT_TRUE(frame) << "no word that the answer was late";
    if (frame->kind() != wire::FrameKind::kLate) continue;
    EXPECT_EQ(frame->view.message.message_id, freeze->message_id);
    break;
  }
}

TEST_F(Registered, SecondFreezerIsRefused) {
  start();
  const Page page;
  const auto first = connect_freezer(page);
  RegisteredPeer second(driver.socket(base::runtime::kFreezerSocket));
  EXPECT_EQ(second.register_as(freezer(), &page.fd).status, wire::kStatusFail);
  EXPECT_TRUE(second.is_disconnected());
}

TEST_F(Registered, OfFreezersThatRaceExactlyOneIsAccepted) {
  start();
  std::vector<std::unique_ptr<RegisteredPeer>> peers;
  peers.reserve(8);
  for (int i = 0; i < 8; ++i) {
    peers.push_back(std::make_unique<RegisteredPeer>(driver.socket(base::runtime::kFreezerSocket)));
  }
  for (const auto& peer : peers)
    peer->send(wire::make_frame(freezer(), 1));
  int accepted = 0;
  for (const auto& peer : peers) {
    const auto frame = peer->receive();
    ASSERT_TRUE(frame);
    const auto reply = wire::decode_registration_reply(frame->view);
    accepted += reply && reply->status == wire::kStatusSuccess ? 1 : 0;
  }
  EXPECT_EQ(accepted, 1);
}

TEST_F(Registered, PlanIsForwardedToTheFreezerAndItsAnswerBack) {
  start();
  const Page page;
  const auto freezing = connect_freezer(page);
  control->ask(request_for(ControlCommand::kPlan, wire::Selection::kAll));
  const auto asked = freezing->receive();
  ASSERT_EQ(asked->kind(), wire::FrameKind::kPlan);
  wire::MountDetail detail;
  detail.mount_point = "/srv";
  freezing->send(wire::make_frame(detail, asked->view.tag));
  freezing->send(wire::make_plan_end(planned(1), asked->view.tag, wire::kStatusSuccess, ""));
  EXPECT_EQ(control->reply()->status, wire::kStatusSuccess);
  ASSERT_EQ(control->details.size(), 1U);
  EXPECT_EQ(control->plan_end->summary.to_freeze, 1U);
}

TEST_F(Registered, PlanFailsAtOnceWhenTheFreezerLeaves) {
  start();
  const Page page;
  auto freezing = connect_freezer(page);
  control->ask(request_for(ControlCommand::kPlan, wire::Selection::kAll));
  ASSERT_EQ(freezing->receive()->kind(), wire::FrameKind::kPlan);
  freezing.reset();
  EXPECT_EQ(control->reply(milliseconds{2000})->status, wire::kStatusFail);
  EXPECT_EQ(control->ask_and_wait(request_for(ControlCommand::kPlan))->status, wire::kStatusFail);
}

}  // namespace
}  // namespace vss::conformance
