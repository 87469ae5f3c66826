// What tools/record_plan.sh recorded of a machine, looked at before anything of it is read: it may
// come from anybody.
#pragma once

#include <string>

#include "base/result.hpp"

namespace vss::platform {

// Every entry of `mountinfo`, `sys` and `dev` in `directory` is a directory, a short file (the
// mount table may be long) or a link that does not lead out of it; `by-label` is a directory, whose
// links nobody follows. Says which one is not, and why. Opens nothing for reading but directories.
base::Status check_recording(const std::string& directory);

}  // namespace vss::platform
