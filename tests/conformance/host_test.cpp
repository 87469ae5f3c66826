// A Hyper-V host and the whole driver: what each of its requests is answered in each situation, and
// that whoever held is released.
#include <gmock/gmock.h>

#include "base/runtime_paths.hpp"
#include "peers.hpp"
#include "platform/sleep.hpp"
#include "requesters/vmbus/host_socket_for_test.hpp"
#include "running_driver.hpp"
#include "willing_freezer.hpp"

namespace vss::conformance {
namespace {

using requesters::vmbus::Bytes;
using requesters::vmbus::HostSocket;
using wire::Operation;
namespace vectors = wire::hyperv::vectors;

constexpr std::uint32_t kOk = 0;
constexpr std::uint32_t kFail = 0x8000'4005;
enum Host : std::uint8_t {
  kHotBackup = 2,
  kGetDmInfo = 3,
  kBackupComplete = 4,
  kFreeze = 5,
  kThaw = 6
};

struct Answer {
  int operation = -1;
  int id = -1;
  std::uint32_t status = 0;
  std::uint32_t flags = 0;
};

class HostTest : public testing::Test {
 protected:
  HostTest() {
    auto& hyperv = driver.configuration.policy.requesters[0];
    hyperv.budgets.hold = base::seconds{8};
    hyperv.budgets.freeze = base::seconds{4};
    driver.doors.shared_memory_socket = host.path();
    driver.doors.host_users = {::geteuid()};
  }

  void start() {
    driver.start();
    // First: after a restart no door is opened before it is known that nothing is frozen.
    freezer.emplace(driver.socket(base::runtime::kFreezerSocket));
    connect();
    writer = join("app");
  }
  void connect() {
    ASSERT_TRUE(wait([&] { return host.accept(); }));
    host.say_hello();
  }
  std::unique_ptr<RegisteredPeer> join(const char* name) {
    auto peer = std::make_unique<RegisteredPeer>(driver.socket(base::runtime::kAppSocket));
    wire::Registration registration;
    registration.role = wire::Role::kWriter;
    registration.name = name;
    EXPECT_EQ(peer->register_as(registration).status, wire::kStatusSuccess);
    return peer;
  }

  static bool wait(const std::function<bool()>& condition) {
    for (int i = 0; i < 8000; ++i) {
      if (condition()) return true;
      platform::sleep_for(base::milliseconds{1});
    }
    return false;
  }

  int ask(Host operation) {
    Bytes packet = operation == kFreeze ? vectors::kFreeze : vectors::kHotBackup;
    ++last_id;
    packet[8] = packet[0x28] = static_cast<std::byte>(last_id);
    packet[0x2c] = static_cast<std::byte>(operation);
    host.write(packet);
    return last_id;
  }
  Answer next() {
    if (!wait([&] { return host.answered(); })) return {};
    const Bytes packet = host.read();
    return {.operation = static_cast<int>(packet[0x2c]),
            .id = static_cast<int>(packet[0x28]),
            .status = wire::hyperv::get<std::uint32_t>(packet, 0x24),
            .flags = wire::hyperv::get<std::uint32_t>(packet, 0x34)};
  }
  // Asks, and expects the next answer to be to this.
  Answer ask_and_wait(Host operation) {
    const int id = ask(operation);
    const Answer answer = next();
    EXPECT_EQ(answer.id, id);
    EXPECT_EQ(answer.operation, operation);
    return answer;
  }
  int held_freeze() {
    const int id = ask(kFreeze);
    EXPECT_TRUE(writer->serve(Operation::kPrepare));
    EXPECT_TRUE(writer->serve(Operation::kFreeze));
    EXPECT_EQ(next().status, kOk);
    return id;
  }
  Answer thaw() {
    ask(kThaw);
    EXPECT_TRUE(writer->serve(Operation::kThaw));
    return next();
  }

  RunningDriver driver;
  HostSocket host{driver.directory() + "/vmbus.sock"};
  std::optional<WillingFreezer> freezer;
  std::unique_ptr<RegisteredPeer> writer;
  int last_id = 0;
};

TEST_F(HostTest, WholeBackup) {
  start();
  host.write(vectors::kNegotiate);
  ASSERT_TRUE(wait([&] { return host.answered(); }));
  EXPECT_EQ(host.read(), vectors::kNegotiateAnswer);
  ask(kHotBackup);
  EXPECT_TRUE(writer->serve(Operation::kCheck));
  const Answer check = next();
  EXPECT_EQ(check.status, kOk);
  EXPECT_EQ(check.flags, 5U);
  EXPECT_EQ(ask_and_wait(kGetDmInfo).status, kOk);
  held_freeze();
  EXPECT_EQ(thaw().status, kOk);
  EXPECT_EQ(ask_and_wait(kBackupComplete).status, kOk);
}

TEST_F(HostTest, IsAnsweredBeforeAnybodyTakesPart) {
  driver.start();
  connect();
  host.write(vectors::kNegotiate);
  ASSERT_TRUE(wait([&] { return host.answered(); }));
  EXPECT_EQ(host.read(), vectors::kNegotiateAnswer);
  EXPECT_EQ(ask_and_wait(kGetDmInfo).status, kOk);
  EXPECT_EQ(ask_and_wait(kHotBackup).status, kFail);
  EXPECT_EQ(ask_and_wait(kFreeze).status, kFail);
  EXPECT_EQ(ask_and_wait(kThaw).status, kOk);
}

TEST_F(HostTest, WriterThatSaysNoFailsCheckAndFreeze) {
  start();
  ask(kHotBackup);
  writer->answer(*writer->next_event(), wire::kStatusFail);
  const Answer check = next();
  EXPECT_EQ(check.status, kFail);
  EXPECT_EQ(check.flags, 5U);
  ask(kFreeze);
  EXPECT_TRUE(writer->serve(Operation::kPrepare));
  writer->answer(*writer->next_event(), wire::kStatusFail);
  EXPECT_EQ(next().status, kFail);
  EXPECT_TRUE(writer->serve(Operation::kAbort));
}

TEST_F(HostTest, SilentWriterFailsTheFreezeAndIsAborted) {
  start();
  ask(kFreeze);
  EXPECT_TRUE(writer->serve(Operation::kPrepare));
  EXPECT_EQ(writer->next_event()->operation, Operation::kFreeze);
  EXPECT_EQ(next().status, kFail);
  EXPECT_TRUE(writer->serve(Operation::kAbort));
}

TEST_F(HostTest, BusyIsSaidAtOnce) {
  start();
  const int first = ask(kHotBackup);
  const auto event = writer->next_event();
  const Answer second = ask_and_wait(kHotBackup);
  EXPECT_EQ(second.status, kFail);
  EXPECT_EQ(second.flags, 5U);
  EXPECT_EQ(ask_and_wait(kFreeze).status, kFail);
  EXPECT_EQ(ask_and_wait(kGetDmInfo).status, kOk);
  writer->answer(*event);
  const Answer answer = next();
  EXPECT_EQ(answer.id, first);
  EXPECT_EQ(answer.status, kOk);
}

TEST_F(HostTest, FreezeWhileFrozenFailsAndRunsNothingAgain) {
  start();
  held_freeze();
  EXPECT_EQ(ask_and_wait(kFreeze).status, kFail);
  EXPECT_EQ(ask_and_wait(kHotBackup).status, kFail);
  EXPECT_EQ(writer->next_event(milliseconds{100}), std::nullopt);
  EXPECT_EQ(thaw().status, kOk);
}

TEST_F(HostTest, ThawWithNothingOpenIsSuccess) {
  start();
  EXPECT_EQ(ask_and_wait(kThaw).status, kOk);
  held_freeze();
  EXPECT_EQ(thaw().status, kOk);
  EXPECT_EQ(ask_and_wait(kThaw).status, kOk);
}

TEST_F(HostTest, ThawDuringPrepareAborts) {
  start();
  const int freeze = ask(kFreeze);
  EXPECT_EQ(writer->next_event()->operation, Operation::kPrepare);
  const int thaw = ask(kThaw);
  const Answer failed = next();
  EXPECT_EQ(failed.id, freeze);
  EXPECT_EQ(failed.status, kFail);
  EXPECT_TRUE(writer->serve(Operation::kAbort));
  const Answer released = next();
  EXPECT_EQ(released.id, thaw);
  EXPECT_EQ(released.status, kOk);
}

TEST_F(HostTest, ThawDuringFreezeAborts) {
  start();
  const int freeze = ask(kFreeze);
  EXPECT_TRUE(writer->serve(Operation::kPrepare));
  EXPECT_EQ(writer->next_event()->operation, Operation::kFreeze);
  const int thaw = ask(kThaw);
  EXPECT_EQ(next().id, freeze);
  EXPECT_TRUE(writer->serve(Operation::kAbort));
  const Answer released = next();
  EXPECT_EQ(released.id, thaw);
  EXPECT_EQ(released.status, kOk);
}

TEST_F(HostTest, ThawAfterTheDeadlineFailsOnce) {
  driver.configuration.policy.requesters[0].budgets.hold = base::seconds{1};
  start();
  held_freeze();
  EXPECT_TRUE(writer->serve(Operation::kThaw));
  EXPECT_EQ(ask_and_wait(kThaw).status, kFail);
  EXPECT_EQ(ask_and_wait(kThaw).status, kOk);
}

TEST_F(HostTest, HostThatVanishesInTheHoldIsAborted) {
  start();
  held_freeze();
  host.vanish();
  EXPECT_TRUE(writer->serve(Operation::kAbort));
}

TEST_F(HostTest, HostThatVanishesInPrepareIsAborted) {
  start();
  ask(kFreeze);
  EXPECT_EQ(writer->next_event()->operation, Operation::kPrepare);
  host.vanish();
  EXPECT_TRUE(writer->serve(Operation::kAbort));
}

TEST_F(HostTest, HostThatComesBackAfterARestartHearsOnceThatItsCopyIsTorn) {
  start();
  held_freeze();
  driver.kill();
  freezer.reset();
  start();
  EXPECT_EQ(ask_and_wait(kThaw).status, kFail);
  EXPECT_EQ(ask_and_wait(kThaw).status, kOk);
}

TEST_F(HostTest, RecordTellsTheHostsRequests) {
  start();
  ask(kHotBackup);
  EXPECT_TRUE(writer->serve(Operation::kCheck));
  next();
  ask_and_wait(kGetDmInfo);
  held_freeze();
  thaw();
  ControlPeer control(driver.socket(base::runtime::kControlSocket));
  ASSERT_TRUE(wait([&] {
    control.document.clear();
    const auto reply = control.ask_and_wait(request_for(wire::ControlCommand::kExplain));
    return reply && control.document.find("\"THAW\"") != std::string::npos;
  }));
  const auto at = [&](const char* word) { return control.document.find(word); };
  EXPECT_LT(at("\"GET_DM_INFO\""), at("\"FREEZE\""));
  EXPECT_LT(at("\"FREEZE\""), at("\"THAW\""));
  EXPECT_NE(at("\"hyperv:shm\""), std::string::npos);
}

TEST_F(HostTest, StatusTellsWhereTheDoorStands) {
  start();
  ControlPeer control(driver.socket(base::runtime::kControlSocket));
  ASSERT_TRUE(wait([&] {
    control.document.clear();
    control.ask_and_wait(request_for(wire::ControlCommand::kStatus));
    return control.document.find("hyperv:shm: the channel is open") != std::string::npos;
  }));
  host.stop_listening();
  host.vanish();
  EXPECT_TRUE(wait([&] {
    control.document.clear();
    control.ask_and_wait(request_for(wire::ControlCommand::kStatus));
    return control.document.find("cannot connect") != std::string::npos;
  }));
}

}  // namespace
}  // namespace vss::conformance
