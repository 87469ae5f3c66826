#include "base/log_ring.hpp"

#include <gtest/gtest.h>

namespace vss::base {
namespace {

LogLine line(std::string_view text) {
  return {.severity = LogSeverity::kInfo, .at = {}, .text = text};
}

TEST(LogRing, GivesLinesInOrderAcrossItsEnd) {
  LogRing ring(2);
  ring.append(line("one"));
  ring.append(line("two"));
  ring.pop();
  ring.append(line("three"));
  EXPECT_EQ(ring.front().text.view(), "two");
  ring.pop();
  EXPECT_EQ(ring.front().text.view(), "three");
  ring.pop();
  EXPECT_TRUE(ring.empty());
}

TEST(LogRing, KeepsTheFirstLinesWhenFullAndCountsTheRest) {
  LogRing ring(1);
  ring.append(line("one"));
  ring.append(line("two"));
  ring.append(line("three"));
  EXPECT_EQ(ring.front().text.view(), "one");
  EXPECT_EQ(ring.take_dropped(), 2U);
  EXPECT_EQ(ring.take_dropped(), 0U);
}

}  // namespace
}  // namespace vss::base
