// Promise 10: every transaction leaves one record that says what happened, when, and why.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using base::milliseconds;
using base::seconds;

std::vector<Phase> phases_of(const Record& record) {
  std::vector<Phase> phases;
  for (const PhaseEntry& entry : record.phases)
    phases.push_back(entry.phase);
  return phases;
}

TEST(Records, TellTheTimesOfAWholeSnapshot) {
  EventStory story;
  const auto writer = story.writer("writer");
  const auto freezer = story.freezer();
  const Instant began = story.now;
  story.freeze();
  story.pass(seconds{3});
  story.yes(writer);
  story.yes(freezer, counts_of(2));
  story.pass(milliseconds{200});
  story.yes(writer);
  story.pass(milliseconds{300});
  FilesystemCounts counts = counts_of(2, 2);
  counts.excluded = 1;
  story.yes(freezer, counts);
  story.pass(seconds{5});
  story.thaw();
  story.pass(milliseconds{100});
  story.yes(freezer, counts_of(2));
  story.pass(milliseconds{50});
  story.yes(writer);

  const Record& record = story.record();
  using enum Phase;
  EXPECT_EQ(phases_of(record), (std::vector{kPrepare, kFreezeWriters, kSeal, kFreezeFilesystems,
                                            kHeld, kThawFilesystems, kThawWriters}));
  EXPECT_EQ(record.phases[0].length, seconds{3});
  EXPECT_EQ(record.phases[1].length, milliseconds{200});
  EXPECT_EQ(record.phases[2].length, Duration{0});
  EXPECT_EQ(record.phases[3].length, milliseconds{300});
  EXPECT_EQ(record.phases[4].length, seconds{5});
  EXPECT_EQ(record.phases[5].length, milliseconds{100});
  EXPECT_EQ(record.phases[6].length, milliseconds{50});
  EXPECT_EQ(record.began, began);
  EXPECT_EQ(record.hold_began, began + milliseconds{3200}) << "the first held answer";
  EXPECT_EQ(record.answered, began + milliseconds{3500});
  EXPECT_EQ(record.thaw_asked, began + milliseconds{8500});
  EXPECT_EQ(record.ended, began + milliseconds{8650});
  EXPECT_EQ(record.writers[0].prepare, seconds{3});
  EXPECT_EQ(record.writers[0].freeze, milliseconds{200});
  EXPECT_EQ(record.writers[0].thaw, milliseconds{50});
  EXPECT_EQ(record.filesystems.frozen, 2U) << "what was frozen, not what still is";
  EXPECT_EQ(story.sentence(),
            "application-consistent: 1 writer and 2 filesystems held for 5.5 s; excluded: 1 "
            "filesystem");
}

TEST(Records, WithoutWritersTheHoldBeginsWithTheFreezersFreeze) {
  EventStory story;
  const auto freezer = story.freezer();
  story.freeze();
  story.pass(seconds{1});
  story.yes(freezer, counts_of(1));
  const Instant told = story.now;
  story.pass(seconds{1});
  story.yes(freezer, counts_of(1, 1));
  EXPECT_EQ(story.record().hold_began, told);
}

TEST(Records, AreKeptOncePerTransactionUnderIncreasingNumbers) {
  EventStory story;
  const auto writer = story.writer("writer");
  story.check();  // refused: no freezer
  story.freezer();
  story.check();
  story.all_say_yes(1);
  story.freeze();
  story.no(writer);
  story.all_say_yes(1);
  story.freeze();
  story.abort();
  story.all_say_yes(1);
  std::vector<std::uint64_t> kept;
  for (const KeepRecord& keep : story.all_of<KeepRecord>())
    kept.push_back(keep.transaction.value);
  const std::uint64_t first = kFirstTransaction.value;
  EXPECT_EQ(kept, (std::vector{first, first + 1, first + 2, first + 3}));
}

TEST(Records, OfTheLastTransactionStayUntilTheNextOne) {
  EventStory story;
  story.freezer();
  story.check();
  story.all_say_yes(1);
  EXPECT_FALSE(story.coordinator.open_transaction().valid());
  EXPECT_EQ(story.record().id, kFirstTransaction);
  EXPECT_FALSE(story.record().sentence.empty());
}

TEST(Records, SayWhatWentWrongFirst) {
  EventStory story;
  const auto first = story.writer_at("first", 50);
  const auto second = story.writer_at("second", 50);
  story.freezer();
  story.freeze();
  story.no(first, "disk full");
  story.leaves(second);
  story.all_say_yes(1);
  EXPECT_EQ(story.sentence(), "writer 'first' (level 50, required) refused PREPARE: disk full");
  EXPECT_EQ(story.entry("second")->fate, WriterFate::kLost);
}

TEST(Records, GiveAReasonForAWriterThatGaveNone) {
  EventStory story;
  const auto writer = story.writer("writer");
  story.freezer();
  story.freeze();
  story.no(writer, "");
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "writer 'writer' (level 100, required) refused PREPARE: it gave no reason; see its "
            "log");
}

TEST(Records, HoldMoreWritersThanTheyHaveRoomForWithoutHarm) {
  Policy policy = default_policy();
  policy.writers_max = 2;
  EventStory story(policy);
  story.writer("stays");
  story.freezer();
  story.freeze();
  for (int i = 0; i < 10; ++i)
    story.leaves(story.writer("comes and goes"));
  EXPECT_EQ(story.record().writers.size(), 2U);
  story.all_say_yes(1, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(1)->success);
}

}  // namespace
}  // namespace vss::coordinator
