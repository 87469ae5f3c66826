// Peers that flood, do not read, or send garbage.
#include "devices/session_fixture.hpp"

namespace vss::devices {
namespace {

TEST(Flood, OfFramesIsCutOffWithAReason) {
  Session session(Kind::kApplication, 42, 812, {.outgoing_bytes = 65536, .frames_per_second = 3});
  session.receive(kNow, packet(FrameKind::kReady));
  session.perform(AcceptParticipant{.connection = 42, .id = kId, .timeout = {}}, false);
  session.receive(kNow, packet(FrameKind::kReady));
  session.receive(kNow, packet(FrameKind::kReady));
  EXPECT_FALSE(session.closing());
  session.receive(kNow + base::milliseconds{999}, packet(FrameKind::kReady));
  EXPECT_TRUE(session.closing());
}

TEST(Flood, IsCountedAnewEachSecond) {
  Session session(Kind::kApplication, 42, 812, {.outgoing_bytes = 65536, .frames_per_second = 1});
  session.receive(kNow, packet(FrameKind::kReady));
  session.perform(AcceptParticipant{.connection = 42, .id = kId, .timeout = {}}, false);
  session.receive(kNow + base::seconds{1}, packet(FrameKind::kReady));
  EXPECT_FALSE(session.closing());
}

TEST(UnreadReplies, AreBoundedAndEndTheConnection) {
  Session session = plain_session();
  for (int i = 0; i < 1000 && !session.closing(); ++i) {
    session.receive(kNow, packet(FrameKind::kRead));
  }
  EXPECT_TRUE(session.closing());
  EXPECT_LE(session.outgoing().bytes_waiting(), default_limits(Kind::kApplication).outgoing_bytes);
}

TEST(Garbage, EndsTheConnectionWithAReason) {
  for (const std::size_t size : {0U, 1U, 79U, 80U, 4096U}) {
    Session session = plain_session();
    const std::vector<std::byte> garbage(size, std::byte{0xa5});
    EXPECT_FALSE(session.receive(kNow, garbage).event);
    EXPECT_TRUE(session.closing());
    EXPECT_FALSE(session.closing_reason().empty());
  }
}

TEST(OutgoingQueue, KeepsFramesWholeWhenItsMemoryIsUsedAgain) {
  OutgoingQueue queue(64);
  std::vector<std::byte> frame(20);
  for (int i = 0; i < 100; ++i) {
    frame[0] = std::byte(i);
    ASSERT_TRUE(queue.push(frame, i % 2 == 0));
    if (i == 0) continue;
    EXPECT_EQ(queue.front()[0], std::byte(i - 1));
    EXPECT_EQ(queue.front_carries_thawed_page(), (i - 1) % 2 == 0);
    queue.pop();
  }
  ASSERT_TRUE(queue.push(frame, false));
  EXPECT_FALSE(queue.push(frame, false));
}

}  // namespace
}  // namespace vss::devices
