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

// What was found below some devices. Where there is a `problem`, the rest is what is known in spite
// of it, and there may be more.
struct BlockLeaves {
  std::vector<const BlockDevice*> loops;  // that lie on files
  std::size_t disks = 0;
  std::size_t pool_volumes = 0;            // ZFS, which may keep its pool in files
  Reason problem;                          // why this cannot be explained; empty: it can
  bool remedied = false;                   // `problem` says itself what to do
  const BlockDevice* suspended = nullptr;  // device-mapper, and not known to run
};

// The sentence for what lies on such a device, with its remedy.
Reason why_suspended_is_refused(const BlockDevice& device);
// The end of one: what to do about it. The name is device-mapper's own where that is known.
Reason suspended_remedy(const BlockDevice& device);
std::string_view mapper_name_of(const BlockDevice& device);

// Views the stack, which must outlive it unchanged.
class BlockChain {
 public:
  explicit BlockChain(const BlockStack& blocks);

  // Everything that `devices` lie on, each once, also past a problem. Ends for any stack: what is
  // too deep, or lies on itself, is a problem.
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

  void gather(std::span<const DeviceNumber> devices, BlockLeaves& found) const;
  void walk(DeviceNumber number, std::size_t level, Visited& visited, BlockLeaves& found) const;
  void walk_device(const BlockDevice& device, std::size_t level, Visited& visited,
                   BlockLeaves& found) const;
  void describe_one(DeviceNumber number, std::size_t level, Reason& to) const;

  std::unordered_map<std::uint64_t, const BlockDevice*> by_number_;
};

}  // namespace vss::plan
