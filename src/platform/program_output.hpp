// What another program prints. Not freeze-safe: forks and executes.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace vss::platform {

// Runs the program (looked for in PATH) with no input and its errors thrown away, and waits at most
// `limit`; then it is killed. At most 1 MiB is kept. os_errno ENOENT: there is no such program;
// ETIMEDOUT: it did not end. Its exit status is not an error: what it printed is returned.
base::Result<std::string> output_of(const std::vector<std::string>& words, base::Duration limit);

}  // namespace vss::platform
