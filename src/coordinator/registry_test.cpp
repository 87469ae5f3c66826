#include "coordinator/registry.hpp"

#include <gtest/gtest.h>

namespace vss::coordinator {
namespace {

TEST(Registry, APlaceUsedAgainHasAnotherId) {
  Registry registry(2);
  Participant* first = registry.add_writer();
  const ParticipantId id = first->id;
  registry.remove(*first);
  Participant* second = registry.add_writer();
  EXPECT_EQ(second->id.index, id.index);
  EXPECT_NE(second->id, id);
  EXPECT_EQ(registry.find(id), nullptr);
  EXPECT_EQ(registry.find(second->id), second);
}

TEST(Registry, FindsNobodyForIdsThatNeverWere) {
  Registry registry(2);
  EXPECT_EQ(registry.find({}), nullptr);
  EXPECT_EQ(registry.find({.index = 0, .use = 1}), nullptr);
  EXPECT_EQ(registry.find({.index = 99, .use = 1}), nullptr);
}

TEST(Registry, TheFreezerHasAPlaceOfItsOwn) {
  Registry registry(1);
  EXPECT_NE(registry.add_writer(), nullptr);
  EXPECT_EQ(registry.add_writer(), nullptr);
  Participant* freezer = registry.add_freezer();
  ASSERT_NE(freezer, nullptr);
  EXPECT_EQ(registry.freezer(), freezer);
  EXPECT_EQ(registry.add_freezer(), nullptr);
  EXPECT_EQ(registry.writers(), 1U);
  registry.remove(*freezer);
  EXPECT_EQ(registry.freezer(), nullptr);
  EXPECT_NE(registry.add_freezer(), nullptr);
}

TEST(Registry, AWalkCostsWhatWasEverConnectedAtOnce) {
  Registry registry(10'000);
  for (int round = 0; round < 3; ++round) {
    Participant* one = registry.add_writer();
    Participant* two = registry.add_writer();
    EXPECT_EQ(registry.writer_places().size(), 2U);
    registry.remove(*one);
    registry.remove(*two);
  }
}

}  // namespace
}  // namespace vss::coordinator
