// A driver that died with a transaction open left a note: who was promised a copy hears that it is
// torn.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using base::seconds;

constexpr TransactionId kBefore{(999ULL << base::kTransactionCounterBits) | 5};

TEST(Note, ItsLinksNextThawFailsOnce) {
  EventStory story;
  story.happens(NoteFound{{kBefore, "host", true}});
  story.thaw(RequesterId{9}, "another");
  EXPECT_TRUE(story.answer_to(1)->success);
  story.thaw();
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.answer_to(2)->transaction, kBefore);
  EXPECT_EQ(story.answer_to(2)->reason.view(),
            "vssd was restarted while transaction 3e7-5 was held: its copy may be torn");
  EXPECT_EQ(story.last_of<CloseNote>().size(), 1U) << "until then it stays, for another restart";
  story.thaw();
  EXPECT_TRUE(story.answer_to(3)->success);
}

TEST(Note, AReleaseOfItsTransactionFailsAndSaysWhy) {
  EventStory story;
  story.happens(NoteFound{{kBefore, "vssctl", true}});
  story.release(kBefore);
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "transaction 3e7-5 ended before: vssd was restarted while transaction 3e7-5 was held: "
            "its copy may be torn");
  story.release(kBefore);
  EXPECT_FALSE(story.answer_to(2)->success);
}

TEST(Note, ANewFreezeOfTheLinkTakesItsPlace) {
  EventStory story;
  story.freezer();
  story.happens(NoteFound{{kBefore, "host", true}});
  story.freeze();
  story.all_say_yes(1, Phase::kHeld);
  story.thaw();
  story.all_say_yes(1);
  EXPECT_TRUE(story.answer_to(2)->success);
  EXPECT_EQ(story.last_of<CloseNote>().size(), 1U);
}

TEST(Note, OfFilesystemsKeepsAnythingNewFromBeginningUntilTheyAreKnownToRun) {
  EventStory story;
  story.writer("writer");
  story.happens(NoteFound{
      {.transaction = kBefore, .requester = "vssctl", .answered = true, .freezer_owes = true}});
  story.freeze({.selection = Selection::kNone});
  EXPECT_FALSE(story.answer_to(1)->success);
  story.happens(ThawedMark{kBefore});
  story.freeze({.selection = Selection::kNone});
  story.all_say_yes(2, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(2)->success);
}

TEST(Note, StaysAfterATornHoldUntilTheHostHasHeardOfIt) {
  EventStory story;
  story.freezer();
  story.freeze();
  story.all_say_yes(1, Phase::kHeld);
  story.pass(seconds{60});
  story.all_say_yes(1);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_TRUE(story.all_of<CloseNote>().empty());
  story.thaw();
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.last_of<CloseNote>().size(), 1U);
}

TEST(Note, IsClosedAtTheEndOfALocalHoldHoweverItEnded) {
  EventStory story;
  story.freezer();
  story.freeze({}, RequesterKind::kLocal);
  story.all_say_yes(1, Phase::kHeld);
  story.pass(seconds{30});
  story.all_say_yes(1);
  EXPECT_EQ(story.all_of<CloseNote>().size(), 1U);
}

}  // namespace
}  // namespace vss::coordinator
