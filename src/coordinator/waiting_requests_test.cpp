#include "coordinator/waiting_requests.hpp"

#include <gtest/gtest.h>

namespace vss::coordinator {
namespace {

EndedTransaction ended(std::uint64_t id, bool owed, std::uint64_t requester = 1,
                       const char* name = "host", bool by_name = true) {
  return {.id = {id},
          .requester = {requester},
          .name = name,
          .by_name = by_name,
          .owed = owed,
          .how = "torn"};
}

TEST(WaitingRequests, GiveBackWhatIsOverdueEachOnce) {
  WaitingRequests waiting;
  for (std::int64_t i = 1; i <= 3; ++i) {
    waiting.add(
        {.kind = {}, .requester = {1}, .tag = static_cast<std::uint32_t>(i), .answer_by = {i}});
  }
  EXPECT_EQ(waiting.next_deadline(), Instant{1});
  WaitingRequest overdue;
  EXPECT_TRUE(waiting.take_overdue({2}, overdue));
  EXPECT_EQ(overdue.tag, 1U);
  EXPECT_TRUE(waiting.take_overdue({2}, overdue));
  EXPECT_EQ(overdue.tag, 2U);
  EXPECT_FALSE(waiting.take_overdue({2}, overdue));
  EXPECT_EQ(waiting.all().size(), 1U);
}

TEST(WaitingRequests, ForgetOneRequesterOnly) {
  WaitingRequests waiting;
  for (const std::uint64_t requester : {1U, 2U, 1U, 3U}) {
    waiting.add({.kind = {}, .requester = {requester}, .tag = 0, .answer_by = {}});
  }
  waiting.forget({1});
  EXPECT_EQ(waiting.all().size(), 2U);
}

TEST(EndedTransactions, KeepWhatIsOwedLongestWhenFull) {
  EndedTransactions list;
  list.add(ended(1, true));
  for (std::uint64_t id = 2; id <= 100; ++id)
    list.add(ended(id, false));
  EXPECT_NE(list.find({1}), nullptr);
  EXPECT_EQ(list.find({2}), nullptr);
  EXPECT_NE(list.find({100}), nullptr);
}

TEST(EndedTransactions, AreOwedToTheRequesterOrToTheLinksName) {
  EndedTransactions list;
  list.add(ended(1, true, 5, "host", true));
  list.add(ended(2, true, 6, "local", false));
  EXPECT_EQ(list.find_owed({99}, "host")->id.value, 1U);
  EXPECT_EQ(list.find_owed({99}, "local"), nullptr);
  EXPECT_EQ(list.find_owed({6}, "local")->id.value, 2U);
  list.requester_gone({6});
  EXPECT_EQ(list.find_owed({6}, "local"), nullptr);
  list.requester_gone({5});
  EXPECT_NE(list.find_owed({99}, "host"), nullptr) << "a link may be opened anew";
  list.forgive({99}, "host");
  EXPECT_EQ(list.find_owed({99}, "host"), nullptr);
}

}  // namespace
}  // namespace vss::coordinator
