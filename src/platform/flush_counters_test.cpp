#include "platform/flush_counters.hpp"

#include <gtest/gtest.h>

namespace vss::platform {
namespace {

TEST(FlushCounters, AddWhatIsDirtyAndWhatIsOnItsWay) {
  const auto counters = parse_flush_counters(
      "nr_free_pages 5\nnr_dirty 3\nnr_writeback 2\nnr_writeback_temp 9\nnr_dirtied 40\n"
      "nr_written 30\nnr_dirty_threshold 1000\n",
      4096);
  ASSERT_TRUE(counters);
  EXPECT_EQ(counters->pending, 5U * 4096);
  EXPECT_EQ(counters->dirtied, 40U * 4096);
  EXPECT_EQ(counters->written, 30U * 4096);
}

TEST(FlushCounters, AKernelThatDoesNotTellAllTellsNothing) {
  EXPECT_FALSE(parse_flush_counters("", 4096));
  EXPECT_FALSE(parse_flush_counters("nr_dirty 3\nnr_writeback 2\nnr_dirtied 40\n", 4096));
  EXPECT_FALSE(parse_flush_counters("nr_dirty x\nnr_writeback 2\nnr_dirtied 4\nnr_written 3\n", 1));
  EXPECT_FALSE(read_flush_counters("/nowhere/vmstat"));
}

TEST(FlushCounters, ThisKernelTells) {
  const auto counters = read_flush_counters();
  ASSERT_TRUE(counters);
  EXPECT_GT(counters->dirtied, 0U);
}

}  // namespace
}  // namespace vss::platform
