// Peers that hang, flood, lie or send garbage: they cost themselves, nobody else.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <random>

#include "base/runtime_paths.hpp"
#include "peers.hpp"
#include "running_driver.hpp"

namespace vss::conformance {
namespace {

using std::chrono::steady_clock;
using wire::ControlCommand;
using wire::Operation;

class HostilePeer : public testing::Test {
 protected:
  void start() {
    driver.start();
    control = std::make_unique<ControlPeer>(driver.socket(base::runtime::kControlSocket));
  }
  std::unique_ptr<RegisteredPeer> connect_writer(const char* name, bool optional = false) {
    auto peer = std::make_unique<RegisteredPeer>(driver.socket(base::runtime::kAppSocket));
    wire::Registration registration;
    registration.name = name;
    if (optional) registration.criticality = wire::Criticality::kOptional;
    EXPECT_EQ(peer->register_as(registration).status, wire::kStatusSuccess);
    return peer;
  }
  // A whole hold and release with one good writer; how long it took to hold.
  milliseconds hold_and_release(RegisteredPeer& writer) {
    const auto began = steady_clock::now();
    control->ask(request_for(ControlCommand::kHold));
    EXPECT_TRUE(writer.serve(Operation::kPrepare));
    EXPECT_TRUE(writer.serve(Operation::kFreeze));
    const auto held = control->reply();
    EXPECT_TRUE(held && held->status == wire::kStatusSuccess);
    const auto took = steady_clock::now() - began;
    control->ask(request_for(ControlCommand::kRelease));
    EXPECT_TRUE(writer.serve(Operation::kThaw));
    EXPECT_TRUE(control->reply());
    return std::chrono::duration_cast<milliseconds>(took);
  }

  RunningDriver driver;
  std::unique_ptr<ControlPeer> control;
};

TEST_F(HostilePeer, WriterThatReadsNothingDelaysNobodyElse) {
  driver.configuration.policy.timeout_default = base::milliseconds{300};
  start();
  const auto good = connect_writer("good");
  const auto slow = connect_writer("slow", true);
  control->ask(request_for(ControlCommand::kCheck));
  const auto asked = steady_clock::now();
  ASSERT_TRUE(good->serve(Operation::kCheck));
  EXPECT_LT(steady_clock::now() - asked, milliseconds{150});  // not after the slow one's time
  const auto reply = control->reply();
  EXPECT_EQ(reply->status, wire::kStatusSuccess) << reply->reason.view();
}

TEST_F(HostilePeer, FloodIsCutOffAndOthersGoOn) {
  start();
  const auto good = connect_writer("good");
  Peer flood(driver.socket(base::runtime::kAppSocket));
  for (int i = 0; i < 20'000; ++i)
    flood.send(wire::FrameWriter(wire::FrameKind::kRead, 1));
  EXPECT_TRUE(flood.is_disconnected());
  hold_and_release(*good);
}

TEST_F(HostilePeer, FloodingWriterDoesNotDelayAHold) {
  start();
  const auto good = connect_writer("good");
  std::atomic<bool> stop = false;
  std::thread flooding([&] {
    while (!stop) {
      Peer flood(driver.socket(base::runtime::kAppSocket));
      for (int i = 0; i < 3000 && !stop; ++i) {
        flood.send(wire::FrameWriter(wire::FrameKind::kReady, 1));
      }
    }
  });
  // The flood never becomes a participant that must answer: it is optional only to itself, so the
  // hold fails or succeeds on its account, but it is answered within one participant's timeout.
  const auto began = steady_clock::now();
  control->ask(request_for(ControlCommand::kCheck));
  EXPECT_TRUE(good->serve(Operation::kCheck));
  EXPECT_TRUE(control->reply());
  EXPECT_LT(steady_clock::now() - began, milliseconds{4000});
  stop = true;
  flooding.join();
}

TEST_F(HostilePeer, GarbageOnAnySocketEndsThatConnectionOnly) {
  start();
  const auto good = connect_writer("good");
  std::mt19937 random(1);
  for (const char* name :
       {base::runtime::kAppSocket, base::runtime::kFreezerSocket, base::runtime::kControlSocket}) {
    for (const std::size_t size : {1U, 16U, 79U, 80U, 200U, 65'536U}) {
      std::vector<std::byte> garbage(size);
      for (std::byte& byte : garbage)
        byte = std::byte(random());
      Peer peer(driver.socket(name));
      peer.send_bytes(garbage);
      EXPECT_TRUE(peer.is_disconnected()) << name << ' ' << size;
    }
  }
  hold_and_release(*good);
}

TEST_F(HostilePeer, UnexpectedDescriptorsAreClosed) {
  start();
  for (int i = 0; i < 3000; ++i) {  // more than the process may have open, were they kept
    Peer peer(driver.socket(base::runtime::kAppSocket));
    ASSERT_TRUE(peer.connected()) << i;
    const base::UniqueFd descriptor{::dup(0)};
    wire::Registration registration;
    registration.name = "giver";
    peer.send(wire::make_frame(registration), &descriptor);
    ASSERT_TRUE(peer.receive());
  }
}

TEST_F(HostilePeer, FullAndUnreadLogDelaysNothing) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const base::UniqueFd unread{ends[0]};
  const base::UniqueFd log{ends[1]};
  driver.log_descriptor = log.get();
  start();
  for (int i = 0; i < 3000; ++i) {  // each leaves a line in the log
    Peer peer(driver.socket(base::runtime::kAppSocket));
    peer.send_bytes(std::array<std::byte, 1>{});
  }
  const auto good = connect_writer("good");
  EXPECT_LT(hold_and_release(*good), milliseconds{500});
}

TEST_F(HostilePeer, VssctlThatAsksTwiceAtOnceIsDisconnected) {
  start();
  const auto writer = connect_writer("good");
  control->ask(request_for(ControlCommand::kHold));
  control->ask(request_for(ControlCommand::kStatus));
  EXPECT_TRUE(control->is_disconnected());
}

}  // namespace
}  // namespace vss::conformance
