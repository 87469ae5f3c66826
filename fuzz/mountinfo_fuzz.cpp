// Any bytes as a mount table: parsed or refused, and what parses is planned by the rules.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "plan/mount_table.hpp"
#include "plan/plan.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vss::plan::MountTable table;
  if (!table.parse({reinterpret_cast<const char*>(data), size})) return 0;

  vss::plan::Plan plan;
  if (!vss::plan::make_plan(table, {.sysfs_present = false, .devices = {}, .members = {}}, {},
                            plan)) {
    return 0;
  }
  VSS_ASSERT(plan.entries.size() == table.mounts().size());
  for (const auto& entry : plan.entries)
    VSS_ASSERT(!entry.reason.empty());
  VSS_ASSERT(!vss::plan::difference(plan, plan));
  return 0;
}
