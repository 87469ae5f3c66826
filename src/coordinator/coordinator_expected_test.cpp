// What the administrator decides about writers: who is expected, required, at which level, how
// long.
#include <gtest/gtest.h>

#include "coordinator/event_story.hpp"

namespace vss::coordinator {
namespace {

using enum Operation;
using base::milliseconds;
using base::seconds;

Policy with_rule(const WriterRule& rule) {
  Policy policy = default_policy();
  policy.writers.push_back({.name = "zzz", .criticality = {}, .level = {}, .timeout_max = {}});
  policy.writers.push_back(rule);
  policy.writers.push_back({.name = "aaa", .criticality = {}, .level = {}, .timeout_max = {}});
  return policy;
}

WriterRule rule_for(const char* name) {
  return {.name = name, .criticality = {}, .level = {}, .timeout_max = {}};
}

TEST(ExpectedWriters, AbsenceIsAFailureOfCheckAndFreezeThatNamesThem) {
  WriterRule rule = rule_for("postgres");
  rule.expected = true;
  EventStory story(with_rule(rule));
  story.writer("other");
  story.freezer();
  story.check();
  EXPECT_FALSE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->reason.view(),
            "writer 'postgres' is expected and not connected: start it, or take it out of "
            "writers.expected");
  story.freeze();
  EXPECT_FALSE(story.answer_to(2)->success);
  EXPECT_EQ(story.phase(), Phase::kIdle);
  EXPECT_EQ(story.entry("postgres")->fate, WriterFate::kExpectedAbsent);
  EXPECT_EQ(story.all_of<KeepRecord>().size(), 2U);
  story.writer("postgres");
  story.freeze();
  EXPECT_EQ(story.phase(), Phase::kPrepare);
}

TEST(ExpectedWriters, OptionalOnesLowerTheGradeWhenTheyFail) {
  WriterRule rule = rule_for("postgres");
  rule.expected = true;
  rule.criticality = Criticality::kOptional;
  EventStory story(with_rule(rule));
  const auto postgres = story.writer("postgres");
  story.writer("other");
  story.freezer();
  story.freeze();
  story.no(postgres);
  story.all_say_yes(1, Phase::kHeld);
  EXPECT_TRUE(story.answer_to(1)->success);
  EXPECT_EQ(story.answer_to(1)->grade, Grade::kFilesystem);
}

TEST(ExpectedWriters, LostOptionalOnesLowerTheGradeToo) {
  WriterRule rule = rule_for("postgres");
  rule.expected = true;
  rule.criticality = Criticality::kOptional;
  EventStory story(with_rule(rule));
  const auto postgres = story.writer("postgres");
  story.writer("other");
  story.freezer();
  story.freeze();
  story.leaves(postgres);
  story.all_say_yes(1, Phase::kHeld);
  EXPECT_EQ(story.answer_to(1)->grade, Grade::kFilesystem);
}

TEST(WriterRules, DecideCriticalityLevelAndTimeoutOverWhatTheWriterAsked) {
  WriterRule rule = rule_for("cache");
  rule.criticality = Criticality::kOptional;
  rule.level = 150;
  rule.timeout_max = milliseconds{500};
  EventStory story(with_rule(rule));
  story.writer("cache", {.level = 3, .timeout = seconds{9}});
  const ParticipantView view = story.coordinator.participants()[0];
  EXPECT_EQ(view.criticality, Criticality::kOptional);
  EXPECT_EQ(view.level, 150);
  EXPECT_EQ(view.timeout, milliseconds{500});
  EXPECT_EQ(story.last_of<AcceptParticipant>()[0].timeout, milliseconds{500});
}

TEST(WriterRules, WithoutOneTheWriterDecidesWithinTheLimits) {
  EventStory story;
  story.writer("modest",
               {.level = 3, .criticality = Criticality::kOptional, .timeout = seconds{9}});
  EXPECT_EQ(story.last_of<AcceptParticipant>()[0].timeout, seconds{9});
  story.writer("greedy", {.timeout = seconds{9000}});
  EXPECT_EQ(story.last_of<AcceptParticipant>()[0].timeout, seconds{30});
  story.writer("silent");
  EXPECT_EQ(story.last_of<AcceptParticipant>()[0].timeout, seconds{2});
  const ParticipantView modest = story.coordinator.participants()[0];
  EXPECT_EQ(modest.level, 3);
  EXPECT_EQ(modest.criticality, Criticality::kOptional);
}

TEST(WriterLimit, RefusesThePlusFirstWithASentence) {
  Policy policy = default_policy();
  policy.writers_max = 2;
  EventStory story(policy);
  const auto first = story.writer("first");
  story.writer("second");
  EXPECT_EQ(story.writer("third"), ParticipantId{});
  EXPECT_EQ(story.last_of<RefuseParticipant>()[0].reason.view(),
            "the limit of 2 writers is reached: raise it in the configuration");
  story.leaves(first);
  EXPECT_NE(story.writer("third"), ParticipantId{});
}

TEST(WriterLimit, RefusesLevelsThatDoNotExistAndWritersWithoutName) {
  EventStory story;
  EXPECT_EQ(story.writer_at("low", -1), ParticipantId{});
  EXPECT_EQ(story.writer_at("high", 1000), ParticipantId{});
  EXPECT_EQ(story.writer(""), ParticipantId{});
  EXPECT_NE(story.writer_at("edge", 999), ParticipantId{});
}

}  // namespace
}  // namespace vss::coordinator
