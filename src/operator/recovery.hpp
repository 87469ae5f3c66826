// `vss-freezer --thaw --force`: what thaws when nothing else is alive.
#pragma once

#include <string>

#include "base/result.hpp"

namespace vss::operators {

// Runs the freezer's recovery and waits for it; its output is ours. Returns its exit status. The
// program is looked for beside this one (a build tree, a private installation), then where it is
// installed.
base::Result<int> run_recovery(const std::string& runtime_dir);

}  // namespace vss::operators
