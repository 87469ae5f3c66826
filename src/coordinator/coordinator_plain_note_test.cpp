// The note of a driver that died while a plain freezer took part: nobody knows whether that thawed.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;

struct PlainDebtOfNote : testing::Test {
  static constexpr TransactionId kBefore{(999ULL << base::kTransactionCounterBits) | 5};
  EventStory story;

  PlainDebtOfNote() {
    story.happens(NoteFound{{.transaction = kBefore,
                             .requester = "vssctl",
                             .answered = true,
                             .freezer_owes = true,
                             .freezer_plain = true}});
  }
};

TEST_F(PlainDebtOfNote, IsSaidAndOpensTheFreezeWindow) {
  ASSERT_EQ(story.all_of<EnterFreezeWindow>().size(), 1U);
  EXPECT_EQ(story.all_of<EnterFreezeWindow>()[0].transaction, kBefore);
  EXPECT_EQ(story.all_of<TellKernelLog>().size(), 1U);
  story.freezer();
  EXPECT_TRUE(story.all_of<LeaveFreezeWindow>().empty());
  story.freeze();
  EXPECT_FALSE(story.answer_to(1)->success);
}

TEST_F(PlainDebtOfNote, IsSettledByADaemonThatThaws) {
  const auto daemon = story.plain_freezer();
  EXPECT_EQ(story.asked(daemon), kThaw);
  EXPECT_EQ(story.told.at(daemon).transaction, kBefore);
  story.yes(daemon);
  EXPECT_EQ(story.all_of<LeaveFreezeWindow>().size(), 1U);
  story.freeze();
  story.all_say_yes(0, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(1)->success);
}

TEST_F(PlainDebtOfNote, OfOurFreezerOpensNoWindow) {
  EventStory fresh;
  fresh.happens(NoteFound{{.transaction = kBefore, .requester = "vssctl", .freezer_owes = true}});
  EXPECT_TRUE(fresh.last.empty());
}

}  // namespace
}  // namespace vss::coordinator
