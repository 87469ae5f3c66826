#include "plan/block_stack.hpp"

#include "plan/superblocks.hpp"

namespace vss::plan {

// Also what would be synced only: a pattern may name its device.
std::vector<DeviceQuery> devices_to_look_up(const MountTable& table) {
  SuperblockSet set(table);
  apply_type_rules(set, Unfreezable::kSync);
  std::vector<DeviceQuery> queries;
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    const Action action = set.superblocks[i].action;
    const Mount& mount = set.mount_of(i);
    const bool by_source = mount.device.major == 0;
    if (action != Action::kFreeze && (action != Action::kSync || by_source)) continue;
    DeviceQuery& query = queries.emplace_back(mount.device, mount.type, mount.source, by_source);
    for (const DeviceOption& option : kDeviceOptions) {
      if (const auto path = super_option(mount, option.name))
        query.paths.emplace_back(path->view());
    }
  }
  return queries;
}

}  // namespace vss::plan
