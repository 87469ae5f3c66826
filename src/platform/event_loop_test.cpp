#include "platform/event_loop.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>

#include "platform/clock.hpp"
#include "platform/socket.hpp"

namespace vss::platform {
namespace {

constexpr std::array<std::byte, 8> kPacket{};

TEST(EventLoop, CallsAgainForWhatWasLeftUnread) {
  EventLoop loop;
  auto [near, far] = *socket_pair();
  send_packet(far.get(), kPacket);
  send_packet(far.get(), kPacket);
  int calls = 0;
  auto watch = loop.watch(near.get(), [&] {
    std::array<std::byte, 64> buffer;
    ReceivedPacket packet;
    EXPECT_EQ(receive_packet(near.get(), buffer, packet), IoOutcome::kDone);
    if (++calls == 2) loop.stop();
  });
  loop.run();
  EXPECT_EQ(calls, 2);
}

TEST(EventLoop, ReportsTheEndOfAConnectionAsReadable) {
  EventLoop loop;
  auto [near, far] = *socket_pair();
  far.reset();
  bool called = false;
  auto watch = loop.watch(near.get(), [&] {
    called = true;
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(called);
}

TEST(EventLoop, AWatchMayDropItselfInItsHandler) {
  EventLoop loop;
  auto [near, far] = *socket_pair();
  send_packet(far.get(), kPacket);
  int calls = 0;
  EventLoop::Watch watch;
  watch = loop.watch(near.get(), [&] {
    ++calls;
    watch = {};
    loop.set_deadline(now() + base::milliseconds{20}, [&] { loop.stop(); });
  });
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, WhoIsDroppedWhileReadyIsNotCalledAnyMore) {
  EventLoop loop;
  std::array<std::pair<base::UniqueFd, base::UniqueFd>, 2> pairs{*socket_pair(), *socket_pair()};
  std::array<EventLoop::Watch, 2> watches;
  int calls = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    send_packet(pairs[i].second.get(), kPacket);
    watches[i] = loop.watch(pairs[i].first.get(), [&, i] {
      ++calls;
      watches[1 - i] = {};
      std::array<std::byte, 64> buffer;
      ReceivedPacket packet;
      receive_packet(pairs[i].first.get(), buffer, packet);
    });
  }
  EXPECT_TRUE(loop.run_ready());
  EXPECT_FALSE(loop.run_ready());
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, ADeadlineThatIsSetAgainToTheSameMomentStillComes) {
  EventLoop loop;
  int calls = 0;
  const base::Instant past = now() - base::seconds{1};
  loop.set_deadline(past, [&] {
    if (++calls == 2) return loop.stop();
    loop.set_deadline(past);
  });
  loop.set_deadline(past);
  loop.run();
  EXPECT_EQ(calls, 2);
}

TEST(EventLoop, TellsWhenAFullSocketTakesOutputAgain) {
  EventLoop loop;
  auto [near, far] = *socket_pair();
  while (send_packet(near.get(), kPacket) == IoOutcome::kDone) {
  }
  bool writable = false;
  auto watch = loop.watch(
      near.get(), [] {},
      [&] {
        writable = true;
        loop.stop();
      });
  watch.when_writable();
  loop.set_deadline(now() + base::milliseconds{10}, [&, fd = far.get()] {
    EXPECT_FALSE(writable);
    std::array<std::byte, 64> buffer;
    ReceivedPacket packet;
    while (receive_packet(fd, buffer, packet) == IoOutcome::kDone) {
    }
  });
  loop.run();
  EXPECT_TRUE(writable);
}

TEST(EventLoop, ADeadlineInThePastIsCalledAtOnceAndOnlyOnce) {
  EventLoop loop;
  int calls = 0;
  loop.set_deadline(now() - base::seconds{1}, [&] {
    if (++calls == 1) loop.set_deadline(now() + base::milliseconds{10}, [&] { loop.stop(); });
  });
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, SaysWhereTheKernelDoesNotTakeADescriptor) {
  EventLoop loop;
  auto [near, far] = *socket_pair();
  EXPECT_TRUE(loop.watch(near.get(), [] {}).works());
  const base::UniqueFd directory{::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  EXPECT_FALSE(loop.watch(directory.get(), [] {}).works());
  EXPECT_FALSE(EventLoop::Watch().works());
}

TEST(EventLoop, RunsWhatIsReadyWithoutWaitingForMore) {
  EventLoop loop;
  auto [near, far] = *socket_pair();
  int calls = 0;
  auto watch = loop.watch(near.get(), [&] {
    std::array<std::byte, 64> buffer;
    ReceivedPacket packet;
    EXPECT_EQ(receive_packet(near.get(), buffer, packet), IoOutcome::kDone);
    ++calls;
  });
  EXPECT_FALSE(loop.run_ready());
  send_packet(far.get(), kPacket);
  EXPECT_TRUE(loop.run_ready());
  EXPECT_FALSE(loop.run_ready());
  send_packet(far.get(), kPacket);
  EXPECT_TRUE(loop.run_ready());
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace vss::platform
