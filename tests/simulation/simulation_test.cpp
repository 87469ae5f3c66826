// The simulator itself: it must be repeatable, find what is planted, and tell it shortly.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "simulation/campaign.hpp"
#include "simulation/mutants.hpp"

namespace vss::simulation {
namespace {

using coordinator::Effect;
using coordinator::Row;
using coordinator::Trigger;

CampaignOptions some(std::uint64_t seed) {
  CampaignOptions options;
  options.seed = seed;
  options.transactions = 200;
  return options;
}

// The writers go first, as if filesystems thawed by themselves.
std::vector<Row> table_that_releases_writers_early() {
  const auto table = coordinator::transition_table();
  std::vector<Row> planted(table.begin(), table.end());
  for (Row& row : planted) {
    if (row.phase != Phase::kHeld || row.trigger != Trigger::kThawAsked) continue;
    row.effect = Effect::kReleaseWriters;
    row.next = Phase::kThawWriters;
  }
  return planted;
}

TEST(Simulation, SameSeedMakesTheSameTrace) {
  const CampaignResult first = run_campaign(some(7));
  const CampaignResult second = run_campaign(some(7));
  EXPECT_FALSE(first.violation);
  EXPECT_EQ(first.trace_hash, second.trace_hash);
  EXPECT_EQ(first.trace_lines, second.trace_lines);
  EXPECT_GT(first.trace_lines, first.transactions * 5);
  EXPECT_NE(first.trace_hash, run_campaign(some(8)).trace_hash);
}

TEST(Simulation, SameSeedMakesTheSameTraceLineByLine) {
  const Scenario scenario = make_scenario(99);
  const auto run = [&] {
    World world(scenario, {.table = coordinator::transition_table(), .keep_trace = true});
    return world.run().trace;
  };
  const std::string trace = run();
  EXPECT_FALSE(trace.empty());
  EXPECT_EQ(trace, run());
}

TEST(Simulation, KeepingTheTraceChangesNothing) {
  const Scenario scenario = make_scenario(99);
  World kept(scenario, {.table = coordinator::transition_table(), .keep_trace = true});
  World hashed(scenario, {.table = coordinator::transition_table(), .keep_trace = false});
  EXPECT_EQ(kept.run().trace_hash, hashed.run().trace_hash);
}

TEST(Simulation, FindsThatWritersAreReleasedEarly) {
  const std::vector<Row> planted = table_that_releases_writers_early();
  CampaignOptions options = some(1);
  options.table = planted;
  const CampaignResult found = run_campaign(options);
  ASSERT_TRUE(found.violation);
  const Shortened shortened = shorten(found.failing, planted);
  ASSERT_TRUE(shortened.before.violation);
  ASSERT_TRUE(shortened.after.violation);
  EXPECT_EQ(shortened.after.violation->promise, shortened.before.violation->promise);
  EXPECT_LE(shortened.after.trace_lines, shortened.before.trace_lines);
  EXPECT_TRUE(shortened.scenario.faults.empty()) << "no fault is needed for this";
}

TEST(Simulation, ShortensAFailingTrace) {
  const std::vector<Row> planted = table_that_releases_writers_early();
  Scenario scenario;
  scenario.seed = 4;
  for (unsigned number = 0; number < 4; ++number)
    scenario.writers.push_back({.number = number});
  for (unsigned number = 0; number < 3; ++number) {
    scenario.filesystems.push_back({.number = number});
  }
  scenario.asks.push_back({.check = true, .snapshot = false, .pause = base::seconds{1}});
  scenario.asks.push_back({.hold = base::seconds{1}, .pause = base::seconds{1}});
  scenario.faults.push_back({.fault = Fault::kAsksMoreTime,
                             .actor = Actor::kRequired,
                             .phase = Phase::kCheck,
                             .ask = 0,
                             .writer = 1,
                             .salt = 1});
  const Shortened shortened = shorten(scenario, planted);
  ASSERT_TRUE(shortened.after.violation);
  EXPECT_EQ(shortened.after.violation->promise, shortened.before.violation->promise);
  EXPECT_LT(shortened.after.trace_lines, shortened.before.trace_lines / 2);
  EXPECT_TRUE(shortened.scenario.faults.empty());
  EXPECT_EQ(shortened.scenario.asks.size(), 1U);
  EXPECT_LE(shortened.scenario.writers.size(), 1U);
  EXPECT_NE(shortened.after.trace.find("BROKEN"), std::string::npos);
}

TEST(Simulation, NamesPromise3ForAWriterThatIsReleasedBeforeTheFilesystems) {
  const std::vector<Row> planted = table_that_releases_writers_early();
  Scenario scenario;
  scenario.seed = 3;
  scenario.writers.push_back({.number = 0});
  scenario.filesystems.push_back({.number = 0});
  scenario.asks.push_back({.hold = base::seconds{1}, .pause = base::seconds{1}});
  World world(scenario, {.table = planted});
  const Outcome outcome = world.run();
  ASSERT_TRUE(outcome.violation);
  EXPECT_EQ(outcome.violation->promise, 3);
}

TEST(Simulation, AScenarioWithoutFaultsSucceeds) {
  Scenario scenario;
  scenario.seed = 5;
  scenario.writers.push_back({.number = 0});
  scenario.writers.push_back({.number = 1, .plain = true});
  scenario.filesystems.push_back({.number = 0});
  scenario.asks.push_back({.check = true, .hold = base::seconds{1}, .pause = base::seconds{1}});
  World world(scenario, {.table = coordinator::transition_table(), .keep_trace = true});
  const Outcome outcome = world.run();
  EXPECT_FALSE(outcome.violation) << outcome.trace;
  ASSERT_EQ(world.history().transactions.size(), 2U);
  const Transaction& snapshot = world.history().transactions[1];
  EXPECT_TRUE(snapshot.success);
  EXPECT_EQ(snapshot.success_grade, Grade::kApplication);
  EXPECT_EQ(snapshot.record->result, coordinator::Result::kConsistent);
}

TEST(FaultTable, EveryCellOccursOrHasAReason) {
  std::set<std::pair<Fault, Actor>> seen;
  for (const FaultRow& row : fault_rows()) {
    EXPECT_TRUE(seen.insert({row.fault, row.actor}).second) << to_text(row.fault);
    ASSERT_EQ(row.phases.size(), coordinator::kPhases) << to_text(row.fault);
    for (const char letter : row.phases) {
      EXPECT_TRUE(letter == 'x' || !reason_of(letter).empty()) << letter;
    }
  }
}

TEST(Mutants, AlterOneRowEachAndHaveNamesOfTheirOwn) {
  const auto table = coordinator::transition_table();
  const std::vector<Mutant> mutants = make_mutants(table);
  std::set<std::string> names;
  for (const Mutant& mutant : mutants) {
    EXPECT_TRUE(names.insert(mutant.name).second) << mutant.name;
    std::size_t differences = table.size() - mutant.table.size();
    if (differences == 0) {
      for (std::size_t i = 0; i < table.size(); ++i) {
        const Row& a = table[i];
        const Row& b = mutant.table[i];
        const bool same = a.phase == b.phase && a.trigger == b.trigger && a.guard == b.guard &&
                          a.effect == b.effect && a.next == b.next && a.negated == b.negated;
        differences += same ? 0 : 1;
      }
    }
    EXPECT_EQ(differences, 1U) << mutant.name;
  }
  EXPECT_GE(mutants.size(), table.size() * 4);
}

}  // namespace
}  // namespace vss::simulation
