#include "coordinator/action_list.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace vss::coordinator {
namespace {

Tell tell(std::uint64_t message_id) {
  return {
      .id = {1, 1}, .operation = Operation::kFreeze, .message_id = message_id, .transaction = {7}};
}

TEST(ActionList, GivesBackNarrowAndWideActionsInTheirOrder) {
  ActionList list(4, 2);
  EXPECT_TRUE(list.push_back(tell(1)));
  EXPECT_TRUE(list.push_back(RefuseParticipant{9, "no"}));
  EXPECT_TRUE(list.push_back(tell(2)));
  EXPECT_TRUE(list.push_back(KeepRecord{{5}}));
  const std::vector<Action> actions(list.begin(), list.end());
  ASSERT_EQ(actions.size(), 4U);
  EXPECT_EQ(std::get<Tell>(actions[0]).message_id, 1U);
  EXPECT_EQ(std::get<RefuseParticipant>(actions[1]).reason.view(), "no");
  EXPECT_EQ(std::get<Tell>(actions[2]).message_id, 2U);
  EXPECT_EQ(std::get<KeepRecord>(actions[3]).transaction.value, 5U);
}

TEST(ActionList, RefusesWhatIsBeyondEitherLimit) {
  ActionList list(2, 1);
  EXPECT_TRUE(list.push_back(CloseNote{}));
  EXPECT_FALSE(list.push_back(CloseNote{}));
  EXPECT_TRUE(list.push_back(tell(1)));
  EXPECT_FALSE(list.push_back(tell(2)));
  EXPECT_EQ(list.size(), 2U);
}

TEST(ActionList, AfterClearItBeginsAnew) {
  ActionList list(2, 1);
  list.push_back(RefuseParticipant{1, "first"});
  list.clear();
  EXPECT_TRUE(list.empty());
  list.push_back(RefuseParticipant{2, "second"});
  EXPECT_EQ(std::get<RefuseParticipant>(list[0]).reason.view(), "second");
}

// Promise 9 and the memory of a writer: docs/scale.md counts on it.
TEST(ActionList, AnActionForAParticipantTakesAFifthOfTheWidest) {
  EXPECT_LE(sizeof(std::variant<Tell, Withdraw, TellLate, GrantTime, AcceptParticipant>), 56U);
  EXPECT_GE(sizeof(Action), 5 * 56U);
}

}  // namespace
}  // namespace vss::coordinator
