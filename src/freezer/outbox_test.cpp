#include "freezer/outbox.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace vss::freezer {
namespace {

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Outbox, KeepsOrderAndContentsAroundTheEnd) {
  Outbox box(400);
  std::deque<std::string> expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string frame(static_cast<std::size_t>(1 + i * 7 % 90),
                            static_cast<char>('a' + i % 26));
    if (box.push(bytes(frame), Outbox::Kind::kAnswer)) expected.push_back(frame);
    if (i % 3 == 0 && !box.empty()) {
      ASSERT_EQ(text(box.front()), expected.front());
    }
    if (i % 2 == 0 && !box.empty()) {
      ASSERT_EQ(text(box.front()), expected.front());
      box.pop();
      expected.pop_front();
    }
  }
  while (!box.empty()) {
    ASSERT_EQ(text(box.front()), expected.front());
    box.pop();
    expected.pop_front();
  }
  EXPECT_TRUE(expected.empty());
}

TEST(Outbox, DropsDetailsAndKeepsRoomForAnswers) {
  Outbox box(400);
  const std::string frame(96, 'x');
  int kept = 0;
  for (int i = 0; i < 10; ++i)
    kept += box.push(bytes(frame), Outbox::Kind::kDetail) ? 1 : 0;
  EXPECT_EQ(kept, 3);
  EXPECT_EQ(box.dropped(), 7U);
  EXPECT_TRUE(box.push(bytes(frame), Outbox::Kind::kAnswer));
  EXPECT_FALSE(box.push(bytes(frame), Outbox::Kind::kAnswer));
}

}  // namespace
}  // namespace vss::freezer
