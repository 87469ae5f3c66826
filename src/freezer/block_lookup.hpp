// The block devices below the filesystems of a mount table, as the planner wants them.
#pragma once

#include <string>

#include "plan/block_stack.hpp"
#include "plan/mount_table.hpp"

namespace vss::freezer {

// Where to look; an empty name: not there.
struct BlockPlaces {
  std::string sysfs;
  std::string labels;     // a directory of links, as /dev/disk/by-label
  std::string dev;        // for the names that mount options give
  std::string recording;  // the same of a recorded machine: links into `sysfs`
};

// Asks no device and no server. Loop devices lack the numbers of their files: LoopFiles. Not
// freeze-safe by the letter (opens by path), but touches no disk.
plan::BlockStack look_up_devices(const plan::MountTable& table, const BlockPlaces& places);

// Adds what devices of `blocks` are made of and is not there, with all below it: after LoopFiles,
// which may have found a device by a number that no path led to. As above.
void look_up_missing_parts(plan::BlockStack& blocks, const BlockPlaces& places);

}  // namespace vss::freezer
