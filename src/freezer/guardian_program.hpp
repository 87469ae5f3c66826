// The body of vss-guardian.
#pragma once

#include <string>

#include "base/result.hpp"

namespace vss::freezer {

// Locks its memory, listens in `runtime_directory` and guards until told to stop.
base::Status run_guardian(const std::string& runtime_directory, bool require_locked_memory);

}  // namespace vss::freezer
