// The order of everything: levels down and up, writers and filesystems.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;

std::vector<std::string> order_of(const EventStory& story,
                                  const std::map<ParticipantId, std::string>& names) {
  std::vector<std::string> order;
  for (const Tell& tell : story.all_of<Tell>()) {
    order.push_back(std::string{to_text(tell.operation)} + " " + names.at(tell.id));
  }
  return order;
}

TEST(Levels, AWholeSnapshotGoesDownAscendingAndUpDescending) {
  EventStory story;
  const auto cache = story.writer_at("cache", 150);
  const auto app = story.writer_at("app", 50);
  const auto database = story.writer_at("database", 100);
  const auto freezer = story.freezer();
  story.freeze();
  story.all_say_yes(2, Phase::kHeld);
  story.thaw();
  story.all_say_yes();
  const std::vector<std::string> expected{"PREPARE app",     "PREPARE database", "PREPARE cache",
                                          "PREPARE freezer", "FREEZE app",       "FREEZE database",
                                          "FREEZE cache",    "FREEZE freezer",   "THAW freezer",
                                          "THAW cache",      "THAW database",    "THAW app"};
  EXPECT_EQ(
      order_of(story,
               {{cache, "cache"}, {app, "app"}, {database, "database"}, {freezer, "freezer"}}),
      expected);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_EQ(story.record().result, Result::kConsistent);
  EXPECT_EQ(story.record().grade, Grade::kApplication);
  EXPECT_EQ(story.sentence(), "application-consistent: 3 writers and 2 filesystems held for 0.0 s");
}

TEST(Levels, MembersOfOneLevelAreToldTogetherAndTheNextWaitsForAll) {
  EventStory story;
  const auto one = story.writer_at("one", 50);
  const auto two = story.writer_at("two", 50);
  const auto later = story.writer_at("later", 51);
  story.freezer();
  story.check();
  EXPECT_EQ(story.last_of<Tell>().size(), 2U);
  story.yes(one);
  EXPECT_FALSE(story.asked(later));
  story.yes(two);
  EXPECT_EQ(story.asked(later), kCheck);
}

TEST(Levels, WithoutWritersTheFreezerIsAskedAtOnce) {
  EventStory story;
  const auto freezer = story.freezer();
  story.freeze();
  EXPECT_EQ(story.asked(freezer), kPrepare);
  story.all_say_yes(1, Phase::kHeld);
  EXPECT_EQ(story.phase(), Phase::kHeld);
  EXPECT_TRUE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->grade, Grade::kFilesystem);
}

}  // namespace
}  // namespace vss::coordinator
