// One filesystem's way down through the block devices, to the disks and files that store it.
// Internal to plan/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "plan/block_stack.hpp"
#include "plan/plan.hpp"

namespace vss::plan {

// What a walk found. Of a `problem` everything else is meaningless.
struct BlockLeaves {
  std::vector<const BlockDevice*> loops;
  std::size_t disks = 0;
  std::size_t memory = 0;                  // zram, ram
  Reason problem;                          // why this cannot be explained; empty: it can
  bool remedied = false;                   // `problem` says itself what to do
  const BlockDevice* suspended = nullptr;  // device-mapper, known to be
};

// Views the stack, which must outlive it unchanged.
class BlockChain {
 public:
  explicit BlockChain(const BlockStack& blocks);

  // Everything that `devices` lie on, each once. Ends for any stack: what is too deep, or lies on
  // itself, is a problem.
  BlockLeaves leaves_of(std::span<const DeviceNumber> devices) const;

  // "LVM vg-root on md0 (raid1) on sda2, sdb2 + sdc1", cut where it gets too long to read. Only for
  // what leaves_of() has explained.
  Reason describe(std::span<const DeviceNumber> devices) const;

  // A disk, or a partition of one, and nothing between: its name. Empty for anything else.
  std::string_view plain_disk(DeviceNumber device) const;

  const BlockDevice* find(DeviceNumber device) const;

 private:
  enum class Visit : std::uint8_t { kOpen, kDone };
  using Visited = std::unordered_map<std::uint64_t, Visit>;

  void walk(DeviceNumber number, std::size_t level, Visited& visited, BlockLeaves& found) const;
  void walk_device(const BlockDevice& device, std::size_t level, Visited& visited,
                   BlockLeaves& found) const;
  void describe_one(DeviceNumber number, std::size_t level, Reason& to) const;

  std::unordered_map<std::uint64_t, const BlockDevice*> by_number_;
};

}  // namespace vss::plan
