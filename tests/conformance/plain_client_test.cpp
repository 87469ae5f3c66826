// A program written for FreeBSD's two devices, at every door that serves them.
#include <gtest/gtest.h>

#include "base/runtime_paths.hpp"
#include "device_server.hpp"
#include "peers.hpp"
#include "running_driver.hpp"

namespace vss::conformance {
namespace {

using wire::ControlCommand;
using wire::DeviceMessage;

constexpr std::uint32_t kCheck = 1;
constexpr std::uint32_t kFreeze = 2;
constexpr std::uint32_t kThaw = 3;

class PlainClient : public testing::TestWithParam<DeviceDoor> {
 protected:
  void start() {
    driver.serve_nodes = GetParam().needs_nodes;
    driver.start();
    control = std::make_unique<ControlPeer>(driver.socket(base::runtime::kControlSocket));
  }

  // Opens the device and says something, as every such program does at its start.
  std::unique_ptr<DeviceClient> open(Device device = Device::kApplication) {
    auto client = GetParam().open(driver.directory(), device);
    DeviceMessage nothing;
    EXPECT_TRUE(client->read(nothing));
    EXPECT_EQ(nothing.status, wire::kStatusFail);
    return client;
  }

  static DeviceMessage next(DeviceClient& client) {
    DeviceMessage message;
    EXPECT_TRUE(client.wait_readable(Peer::kPatience));
    EXPECT_TRUE(client.read(message));
    return message;
  }

  static void answer(DeviceClient& client, DeviceMessage message, std::uint32_t status = 0) {
    message.status = status;
    EXPECT_TRUE(client.write(message));
  }

  static void serve(DeviceClient& client, std::uint32_t operation) {
    const DeviceMessage message = next(client);
    EXPECT_EQ(message.operation, operation);
    EXPECT_EQ(message.status, 0U);
    EXPECT_NE(message.message_id, 0U);
    answer(client, message);
  }

  RunningDriver driver;
  std::unique_ptr<ControlPeer> control;
};

TEST_P(PlainClient, IsAskedInACheck) {
  start();
  const auto client = open();
  control->ask(request_for(ControlCommand::kCheck));
  serve(*client, kCheck);
  EXPECT_EQ(control->reply()->status, wire::kStatusSuccess);
}

TEST_P(PlainClient, HoldsFromFreezeToThaw) {
  start();
  const auto client = open();
  control->ask(request_for(ControlCommand::kHold));
  serve(*client, kFreeze);
  const auto held = control->reply();
  ASSERT_EQ(held->status, wire::kStatusSuccess) << held->reason.view();
  wire::ControlRequest release = request_for(ControlCommand::kRelease);
  release.transaction = held->transaction;
  control->ask(release);
  serve(*client, kThaw);
  EXPECT_EQ(control->reply()->status, wire::kStatusSuccess);
}

TEST_P(PlainClient, ThatRefusesFailsTheHoldAndIsToldToThaw) {
  start();
  const auto client = open();
  control->ask(request_for(ControlCommand::kHold));
  const DeviceMessage freeze = next(*client);
  answer(*client, freeze, 0x100);  // any bit of the status counts
  EXPECT_EQ(control->reply()->status, wire::kStatusFail);
  serve(*client, kThaw);
}

TEST_P(PlainClient, LateAnswerSucceedsAndIsNotTakenForTheNextTransaction) {
  driver.configuration.policy.timeout_default = base::milliseconds{150};
  start();
  const auto client = open();
  control->ask(request_for(ControlCommand::kHold));
  const DeviceMessage first = next(*client);
  EXPECT_EQ(control->reply()->status, wire::kStatusFail);
  serve(*client, kThaw);
  control->ask(request_for(ControlCommand::kHold));
  const DeviceMessage second = next(*client);
  EXPECT_NE(first.message_id, second.message_id);
  answer(*client, first);  // late by one transaction
  EXPECT_EQ(control->reply()->status, wire::kStatusFail);
}

TEST_P(PlainClient, ThatClosesItsDeviceIsNotWaitedFor) {
  driver.configuration.policy.timeout_default = base::seconds{30};
  start();
  auto client = open();
  control->ask(request_for(ControlCommand::kCheck));
  next(*client);
  client.reset();
  EXPECT_EQ(control->reply(milliseconds{2000})->status, wire::kStatusFail);
}

TEST_P(PlainClient, ThatOpensAgainTakesPartAgain) {
  start();
  open().reset();
  const auto client = open();
  control->ask(request_for(ControlCommand::kCheck));
  serve(*client, kCheck);
  EXPECT_EQ(control->reply()->status, wire::kStatusSuccess);
}

TEST_P(PlainClient, ApplicationFreezesBeforeAndThawsAfterTheFilesystemDaemon) {
  start();
  const auto application = open(Device::kApplication);
  const auto filesystem = open(Device::kFilesystem);
  control->ask(request_for(ControlCommand::kHold, wire::Selection::kAll));
  EXPECT_FALSE(filesystem->wait_readable(milliseconds{50}));
  serve(*application, kFreeze);
  serve(*filesystem, kFreeze);
  const auto held = control->reply();
  ASSERT_EQ(held->status, wire::kStatusSuccess) << held->reason.view();
  control->ask(request_for(ControlCommand::kRelease));
  const DeviceMessage thaw = next(*filesystem);
  EXPECT_EQ(thaw.operation, kThaw);
  EXPECT_FALSE(application->wait_readable(milliseconds{50}));
  answer(*filesystem, thaw);
  serve(*application, kThaw);
  EXPECT_EQ(control->reply()->status, wire::kStatusSuccess);
}

INSTANTIATE_TEST_SUITE_P(Doors, PlainClient, testing::ValuesIn(doors()),
                         [](const auto& door) { return door.param.name; });

}  // namespace
}  // namespace vss::conformance
