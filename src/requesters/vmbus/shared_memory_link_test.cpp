#include "requesters/vmbus/shared_memory_link.hpp"

#include <unistd.h>

#include "platform/clock.hpp"
#include "platform/sleep.hpp"
#include "platform/socket.hpp"
#include "requesters/vmbus/channel_fixture.hpp"
#include "requesters/vmbus/host_socket_for_test.hpp"

namespace vss::requesters::vmbus {
namespace {

namespace vectors = wire::hyperv::vectors;
using coordinator::RequesterGone;
using coordinator::ThawRequested;
using testing::HasSubstr;

struct SharedMemoryLinkTest : testing::Test {
  HostSocket host{"/tmp/vss-shm-test-" + std::to_string(::getpid())};
  OwnerForTest owner;
  platform::EventLoop loop;
  SharedMemoryLink link{loop, owner, 3, {.socket_path = host.path(), .host_users = {::geteuid()}}};

  // As the driver does: on_time() when it is due, until the condition holds or patience ends.
  bool run_until(const std::function<bool()>& condition,
                 base::Duration patience = base::seconds{5}) {
    const base::Instant give_up = platform::now() + patience;
    while (!condition()) {
      const base::Instant now = platform::now();
      if (now >= give_up) return false;
      if (now >= link.next_deadline()) link.on_time(now);
      if (!loop.run_ready()) platform::sleep_for(base::milliseconds{1});
    }
    return true;
  }
  bool opened(const HelloForTest& hello = {}) {
    if (!run_until([&] { return host.accept(); })) return false;
    host.say_hello(hello);
    return run_until([&] { return link.standing() == "the channel is open"; });
  }
  // What the link says when it refuses this hello.
  std::string refusal(const HelloForTest& hello) {
    EXPECT_TRUE(run_until([&] { return host.accept(); }));
    host.say_hello(hello);
    EXPECT_TRUE(run_until([&] { return host.guest_gone(); }));
    return std::string(link.standing());
  }
};

TEST_F(SharedMemoryLinkTest, ServesAHost) {
  ASSERT_TRUE(opened());
  host.write(vectors::kNegotiate);
  EXPECT_TRUE(run_until([&] { return host.answered(); }));
  EXPECT_EQ(host.signals(), 1U);
}

TEST_F(SharedMemoryLinkTest, ServesWhatWasWrittenBeforeItsSignal) {
  ASSERT_TRUE(run_until([&] { return host.accept(); }));
  host.say_hello();
  Ring ring = host.to_guest();
  ring.copy_in(0, vectors::kNegotiate);
  ring.store(Ring::Word::kWriteIndex, 80);
  EXPECT_TRUE(run_until([&] { return host.answered(); }));
}

TEST_F(SharedMemoryLinkTest, HostThatClosesTakesItsTransactionAlong) {
  ASSERT_TRUE(opened());
  host.write(vectors::kThaw);
  ASSERT_TRUE(run_until([&] { return owner.count<ThawRequested>() == 1; }));
  host.vanish();
  EXPECT_TRUE(run_until([&] { return owner.count<RequesterGone>() == 1; }));
  EXPECT_EQ(owner.last<RequesterGone>().requester,
            std::get<ThawRequested>(owner.events.front()).requester);
}

TEST_F(SharedMemoryLinkTest, ComesBackUnderANewId) {
  ASSERT_TRUE(opened());
  host.write(vectors::kThaw);
  ASSERT_TRUE(run_until([&] { return owner.count<ThawRequested>() == 1; }));
  const auto first = owner.last<ThawRequested>();
  host.vanish();
  ASSERT_TRUE(opened());
  host.write(vectors::kThaw);
  ASSERT_TRUE(run_until([&] { return owner.count<ThawRequested>() == 2; }));
  EXPECT_NE(owner.last<ThawRequested>().requester, first.requester);
  EXPECT_EQ(owner.last<ThawRequested>().name.view(), "hyperv:shm");
  EXPECT_EQ(HostIds::link_of(first.requester), 3U);
}

TEST_F(SharedMemoryLinkTest, WaitsForAHostThatIsNotThereYet) {
  host.stop_listening();
  EXPECT_TRUE(run_until([&] { return !owner.logged.empty(); }));
  EXPECT_THAT(owner.logged.front(), HasSubstr("cannot connect to"));
  host.listen();
  EXPECT_TRUE(opened());
  EXPECT_LE(owner.logged.size(), 2U);
}

TEST_F(SharedMemoryLinkTest, SaysWhatAPathMustBe) {
  SharedMemoryLink lost(loop, owner, 0, {.socket_path = "/dev/null", .host_users = {}});
  lost.on_time(platform::now());
  EXPECT_THAT(std::string(lost.standing()), HasSubstr("must be a socket on which a host listens"));
}

// Longer than what is kept of it: it must be known again all the same.
TEST_F(SharedMemoryLinkTest, SaysALongReasonOnce) {
  SharedMemoryLink lost(loop, owner, 0,
                        {.socket_path = "/tmp/" + std::string(300, 'x'), .host_users = {}});
  const base::Instant second = platform::now() + base::milliseconds{1500};
  while (platform::now() < second) {
    if (platform::now() >= lost.next_deadline()) lost.on_time(platform::now());
    platform::sleep_for(base::milliseconds{5});
  }
  EXPECT_EQ(owner.logged.size(), 1U);
}

TEST_F(SharedMemoryLinkTest, OpensNoPathWhileAnythingMayBeFrozen) {
  owner.may_open = false;
  owner.devices_only = true;  // its socket is none
  EXPECT_TRUE(link.next_deadline().is_never());
  EXPECT_FALSE(run_until([&] { return host.accept(); }, base::milliseconds{50}));
  owner.may_open = true;
  EXPECT_TRUE(opened());
}

TEST_F(SharedMemoryLinkTest, IndexOutsideTheRingClosesTheChannel) {
  ASSERT_TRUE(opened());
  host.to_guest().store(Ring::Word::kWriteIndex, 0xffff'fff8);
  host.write(vectors::kThaw);
  host.to_guest().store(Ring::Word::kWriteIndex, 0xffff'fff8);
  EXPECT_TRUE(run_until([&] { return host.guest_gone(); }));
  EXPECT_TRUE(opened());
}

// The eventfd is the host's as well: what it does to it must not stop us.
TEST_F(SharedMemoryLinkTest, HostThatMakesItsSignalsBlockIsServed) {
  ASSERT_TRUE(opened());
  host.make_signals_block();
  host.write(vectors::kNegotiate);
  EXPECT_TRUE(run_until([&] { return host.answered(); }));
}

TEST_F(SharedMemoryLinkTest, HostThatSignalsWithoutEndIsClosed) {
  ASSERT_TRUE(opened({.eventfd_flags = EFD_CLOEXEC | EFD_SEMAPHORE}));
  host.signal(1'000'000);
  EXPECT_TRUE(run_until([&] { return host.guest_gone(); }));
  EXPECT_EQ(link.standing(), "the host signals without end");
}

TEST_F(SharedMemoryLinkTest, HelloInAHoldIsRefused) {
  ASSERT_TRUE(run_until([&] { return host.accept(); }));
  owner.may_open = false;
  host.say_hello();
  EXPECT_TRUE(run_until([&] { return host.guest_gone(); }));
  owner.may_open = true;
  EXPECT_TRUE(opened());
}

// A user whose backups fail for it must be able to see it.
TEST_F(SharedMemoryLinkTest, IgnoredPacketsAreShownAndLogged) {
  ASSERT_TRUE(opened());
  Bytes other_service = vectors::kThaw;
  other_service[0x1c] = std::byte{4};
  host.write(other_service);
  EXPECT_TRUE(
      run_until([&] { return link.standing().find("1 of the host's") != std::string::npos; }));
  EXPECT_EQ(link.standing(),
            "the channel is open, 1 of the host's packets were ignored: a message is of another "
            "service");
  EXPECT_THAT(owner.logged.back(), HasSubstr("is ignored: a message is of another service"));
}

TEST_F(SharedMemoryLinkTest, HelloThatIsWrongIsRefused) {
  EXPECT_THAT(refusal({.magic = 1}), HasSubstr("VMBS"));
  EXPECT_THAT(refusal({.bytes = 20}), HasSubstr("16 bytes"));
}

TEST_F(SharedMemoryLinkTest, MemoryThatCouldShrinkIsRefused) {
  EXPECT_THAT(refusal({.seals = 0}), HasSubstr("sealed against shrinking"));
}

TEST_F(SharedMemoryLinkTest, MemoryThatIsTooSmallIsRefused) {
  EXPECT_THAT(refusal({.memory_bytes = 2 * kRingBytes - 1}), HasSubstr("shorter than"));
}

TEST_F(SharedMemoryLinkTest, MissingDescriptorsAreRefused) {
  EXPECT_THAT(refusal({.descriptors = 2}), HasSubstr("three descriptors"));
  EXPECT_THAT(refusal({.descriptors = 0}), HasSubstr("three descriptors"));
}

// A write to anything else could wait.
TEST_F(SharedMemoryLinkTest, SignalsThatAreNoEventfdsAreRefused) {
  EXPECT_THAT(refusal({.pipes = true}), HasSubstr("no eventfds"));
}

TEST_F(SharedMemoryLinkTest, MoreThanAHelloClosesTheChannel) {
  ASSERT_TRUE(opened());
  host.say_more();
  EXPECT_TRUE(run_until([&] { return host.guest_gone(); }));
}

TEST_F(SharedMemoryLinkTest, HostOfAStrangerIsRefused) {
  SharedMemoryLink strict(loop, owner, 0,
                          {.socket_path = host.path(), .host_users = {::geteuid() + 1}});
  strict.on_time(platform::now());
  EXPECT_THAT(std::string(strict.standing()), HasSubstr("is refused"));
}

}  // namespace
}  // namespace vss::requesters::vmbus
