#include "driver/waiting_records.hpp"

#include <gtest/gtest.h>

namespace vss::driver {
namespace {

records::TransactionRecord record_of(std::uint64_t id, coordinator::Result result) {
  records::TransactionRecord record;
  record.id = {id};
  record.result = result;
  return record;
}

using enum coordinator::Result;

TEST(WaitingRecords, OfRefusedRequestsOnlyTheNewestStayAndTheRestAreCounted) {
  WaitingRecords waiting;
  waiting.add(record_of(1, kTorn));
  waiting.add(record_of(2, kAborted));
  constexpr std::uint64_t kRefusals = 1000;
  for (std::uint64_t i = 0; i < kRefusals; ++i)
    waiting.add(record_of(3 + i, kRefused));
  EXPECT_EQ(waiting.all().size(), 2 + WaitingRecords::kRefusedMax);
  EXPECT_NE(waiting.find(base::TransactionId{1}), nullptr);
  EXPECT_NE(waiting.find(base::TransactionId{2}), nullptr);
  EXPECT_EQ(waiting.find(base::TransactionId{3}), nullptr);
  EXPECT_EQ(waiting.find({})->id.value, 2 + kRefusals);
  EXPECT_EQ(waiting.take_left_out(), kRefusals - WaitingRecords::kRefusedMax);
  EXPECT_EQ(waiting.take_left_out(), 0U);
}

TEST(WaitingRecords, TheOneOfTheDriverBeforeIsTheOldest) {
  WaitingRecords waiting;
  waiting.add(record_of(9, kRefused));
  waiting.add_first(record_of(5, kTorn));
  EXPECT_EQ(waiting.all().front().id.value, 5U);
  EXPECT_EQ(waiting.find({})->id.value, 9U);
  waiting.clear();
  EXPECT_EQ(waiting.find({}), nullptr);
}

}  // namespace
}  // namespace vss::driver
