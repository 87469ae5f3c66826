// What the running kernel and its watchdogs would do to a machine whose writers wait for too long.
#pragma once

#include "base/time.hpp"

namespace vss::platform {

struct KernelLimits {
  bool hung_task_panic = false;        // kernel.hung_task_panic is 1
  base::seconds hung_task_timeout{0};  // kernel.hung_task_timeout_secs; 0: off or not known
  base::seconds watchdog_timeout{0};   // the shortest of the running hardware watchdogs; 0: none
};

// Reads /proc/sys and /sys; what is not there limits nothing. Not freeze-safe: opens by path.
KernelLimits read_kernel_limits();

}  // namespace vss::platform
