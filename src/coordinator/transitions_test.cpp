#include "coordinator/transitions.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace vss::coordinator {
namespace {

constexpr std::array kAllPhases{Phase::kIdle,        Phase::kCheck,
                                Phase::kPrepare,     Phase::kFreezeWriters,
                                Phase::kSeal,        Phase::kFreezeFilesystems,
                                Phase::kHeld,        Phase::kThawFilesystems,
                                Phase::kThawWriters, Phase::kAbortFilesystems,
                                Phase::kAbortWriters};
static_assert(kAllPhases.size() == kPhases);

std::set<Phase> reachable_from(Phase start) {
  std::set<Phase> reached{start};
  for (bool grew = true; grew;) {
    grew = false;
    for (const Row& row : transition_table()) {
      if (reached.contains(row.phase)) grew |= reached.insert(row.next).second;
    }
  }
  return reached;
}

TEST(TransitionTable, EveryPhaseIsReachedAndLeadsBackToIdle) {
  EXPECT_EQ(reachable_from(Phase::kIdle).size(), kPhases);
  for (const Phase phase : kAllPhases) {
    EXPECT_TRUE(reachable_from(phase).contains(Phase::kIdle)) << to_text(phase);
  }
}

TEST(TransitionTable, EveryTriggerGuardAndEffectIsUsed) {
  std::set<Trigger> triggers;
  std::set<Guard> guards;
  std::set<Effect> effects;
  for (const Row& row : transition_table()) {
    triggers.insert(row.trigger);
    guards.insert(row.guard);
    effects.insert(row.effect);
  }
  EXPECT_EQ(triggers.size(), kTriggers);
  EXPECT_EQ(guards.size(), kGuards);
  EXPECT_EQ(effects.size(), kEffects);
}

TEST(TransitionTable, NoRowIsHiddenByAnEarlierOne) {
  std::set<std::pair<Phase, Trigger>> decided;
  for (const Row& row : transition_table()) {
    const std::pair key{row.phase, row.trigger};
    EXPECT_FALSE(decided.contains(key)) << to_text(row.phase) << ", " << to_text(row.trigger);
    if (row.guard == Guard::kAlways) decided.insert(key);
  }
}

TEST(TransitionTable, NothingLeadsDownOnceTheWayUpHasBegun) {
  const std::set up{Phase::kThawFilesystems, Phase::kThawWriters, Phase::kAbortFilesystems,
                    Phase::kAbortWriters};
  for (const Row& row : transition_table()) {
    if (!up.contains(row.phase)) continue;
    EXPECT_TRUE(up.contains(row.next) || row.next == Phase::kIdle);
  }
}

TEST(TransitionTable, FilesystemsComeBeforeWritersOnTheWayUp) {
  for (const Row& row : transition_table()) {
    if (row.next == Phase::kThawWriters && row.phase != row.next) {
      EXPECT_EQ(row.phase, Phase::kThawFilesystems);
    }
    if (row.next == Phase::kAbortWriters && row.phase != row.next) {
      EXPECT_EQ(row.phase, Phase::kAbortFilesystems);
    }
  }
}

TEST(TransitionTable, HeldIsReachedOnlyThroughThePromise) {
  for (const Row& row : transition_table()) {
    if (row.next != Phase::kHeld || row.phase == Phase::kHeld) continue;
    EXPECT_EQ(row.guard, Guard::kEnough);
    EXPECT_EQ(row.effect, Effect::kAnswerHeld);
  }
}

TEST(TransitionTable, EveryNameIsKnown) {
  for (const Row& row : transition_table()) {
    for (const std::string_view name :
         {to_text(row.phase), to_text(row.trigger), to_text(row.guard), to_text(row.effect)}) {
      EXPECT_NE(name, "unknown");
    }
  }
}

}  // namespace
}  // namespace vss::coordinator
