// A program written for FreeBSD's two devices, at every door that serves them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/runtime_paths.hpp"
#include "device_server.hpp"
#include "peers.hpp"
#include "platform/clock.hpp"
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

// A filesystem daemon that dies in a hold: on Linux its filesystems stay frozen.
class LostDaemon : public PlainClient {
 protected:
  // Until the transaction has ended, so that its record could be written.
  void lose_it_in_a_hold() {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    kernel_log.reset(pipe[0]);
    kernel_log_writer.reset(pipe[1]);
    driver.kernel_log = kernel_log_writer.get();
    driver.configuration.policy.release_margin = base::milliseconds{50};
    start();
    auto daemon = open(Device::kFilesystem);
    auto request = request_for(ControlCommand::kHold, wire::Selection::kAll);
    request.hold_budget = base::milliseconds{600};
    control->ask(request);
    serve(*daemon, kFreeze);
    const auto held = control->reply();
    ASSERT_EQ(held->status, wire::kStatusSuccess) << held->reason.view();
    daemon.reset();
    EXPECT_NE(next_kernel_line().find("froze for transaction"), std::string::npos);
    auto end = request_for(ControlCommand::kAbort);
    EXPECT_EQ(control->ask_and_wait(end)->status, wire::kStatusFail);
  }
  std::string next_kernel_line() const {
    std::array<char, 900> line{};
    const ssize_t size = ::read(kernel_log.get(), line.data(), line.size());
    return {line.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }
  bool something_is_recorded() const {
    return !std::filesystem::is_empty(driver.state_directory() + "/records");
  }
  bool status_says(std::string_view text) {
    control->ask_and_wait(request_for(ControlCommand::kStatus));
    return control->document.find(text) != std::string::npos;
  }

  base::UniqueFd kernel_log, kernel_log_writer;
};

TEST_P(LostDaemon, IsSaidAndNothingIsRecordedBeforeAnotherOneHasThawed) {
  lose_it_in_a_hold();
  EXPECT_FALSE(something_is_recorded());
  EXPECT_TRUE(status_says("may be frozen still"));
  EXPECT_FALSE(status_says("\"left_frozen\":null"));
  const auto refused =
      control->ask_and_wait(request_for(ControlCommand::kHold, wire::Selection::kAll));
  EXPECT_EQ(refused->status, wire::kStatusFail);
  EXPECT_NE(refused->reason.view().find("may be frozen still"), std::string_view::npos);
  EXPECT_FALSE(something_is_recorded());

  const auto successor = GetParam().open(driver.directory(), Device::kFilesystem);
  serve(*successor, kThaw);
  EXPECT_NE(next_kernel_line().find("is frozen any more"), std::string::npos);
  control->ask(request_for(ControlCommand::kHold, wire::Selection::kAll));
  serve(*successor, kFreeze);
  EXPECT_EQ(control->reply()->status, wire::kStatusSuccess);
  EXPECT_TRUE(something_is_recorded());
  control->ask(request_for(ControlCommand::kRelease));
  serve(*successor, kThaw);
  EXPECT_EQ(control->reply()->status, wire::kStatusSuccess);
}

TEST_P(LostDaemon, IsSettledByTheAdministratorsWord) {
  lose_it_in_a_hold();
  auto word = request_for(ControlCommand::kAbort);
  word.all_thawed = true;
  EXPECT_EQ(control->ask_and_wait(word)->status, wire::kStatusSuccess);
  EXPECT_FALSE(status_says("may be frozen still"));
  EXPECT_TRUE(status_says("\"left_frozen\":null"));
  EXPECT_TRUE(something_is_recorded());
}

TEST_P(LostDaemon, DoesNotDelayTheStop) {
  lose_it_in_a_hold();
  control.reset();
  const base::Instant asked = platform::now();
  driver.shut_down();
  EXPECT_LT(platform::now() - asked, base::seconds{10});
  EXPECT_FALSE(something_is_recorded());
}

TEST_P(LostDaemon, KeepsNoDoorOfAHostShutInTheNextDriver) {
  driver.doors.hv_vss_device = driver.directory() + "/no-hv_vss";
  lose_it_in_a_hold();
  control.reset();
  driver.kill();
  start();
  EXPECT_TRUE(status_says("may be frozen still"));
  for (int tries = 0; tries < 500 && status_says("not opened yet"); ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_FALSE(status_says("not opened yet"));
  control->ask_and_wait(request_for(ControlCommand::kExplain));
  EXPECT_NE(control->document.find("to thaw, and the copy may be torn"), std::string::npos)
      << control->document;
  EXPECT_FALSE(something_is_recorded());
}

INSTANTIATE_TEST_SUITE_P(Doors, LostDaemon, testing::ValuesIn(doors()),
                         [](const auto& door) { return door.param.name; });

INSTANTIATE_TEST_SUITE_P(Doors, PlainClient, testing::ValuesIn(doors()),
                         [](const auto& door) { return door.param.name; });

}  // namespace
}  // namespace vss::conformance
