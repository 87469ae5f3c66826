#include "config/nearest_name.hpp"

#include <gtest/gtest.h>

#include <array>

namespace vss::config {
namespace {

constexpr std::array<std::string_view, 5> kKeys{"check", "prepare", "freeze", "hold", "thaw"};

TEST(EditDistance, CountsEachKindOfSlipOnce) {
  EXPECT_EQ(edit_distance("hold", "hold"), 0U);
  EXPECT_EQ(edit_distance("hold", "holds"), 1U);
  EXPECT_EQ(edit_distance("freeze", "freze"), 1U);
  EXPECT_EQ(edit_distance("thaw", "than"), 1U);
  EXPECT_EQ(edit_distance("thaw", "tahw"), 1U);
  EXPECT_EQ(edit_distance("", "thaw"), 4U);
}

TEST(NearestName, FindsWhatWasMeant) {
  EXPECT_EQ(nearest_name("freze", kKeys), "freeze");
  EXPECT_EQ(nearest_name("perpare", kKeys), "prepare");
}

TEST(NearestName, IsSilentWhenNothingIsNear) {
  EXPECT_FALSE(nearest_name("zzzzzz", kKeys));
}

TEST(AllowedNames, ListsAllInOrder) {
  EXPECT_EQ(allowed_names("hodl", kKeys),
            "; did you mean \"hold\"? Allowed: check, freeze, hold, prepare, thaw");
  EXPECT_EQ(allowed_names("zzzzzz", kKeys), "; allowed: check, freeze, hold, prepare, thaw");
}

}  // namespace
}  // namespace vss::config
