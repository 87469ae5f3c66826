// Superblocks that lie on each other, put together. Internal to plan/.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "plan/superblocks.hpp"

namespace vss::plan {

// Each superblock stands in one group: with those that it lies on and that lie on it, near or far.
// A group of more than one is a ring; almost all are of one.
struct Groups {
  std::vector<std::size_t> members;  // indices of superblocks, group by group
  std::vector<std::size_t> ends;     // group n is members[ends[n-1] … ends[n])
};

// Each group behind all that its members lie on. Takes time in proportion to what there is, and no
// stack.
Groups groups_bottom_up(std::span<const Superblock> superblocks);

}  // namespace vss::plan
