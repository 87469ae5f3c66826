// vss-freezer as a service: recovers, then waits for vssd and the guardian until told to stop.
#pragma once

#include "base/result.hpp"
#include "freezer/options.hpp"

namespace vss::freezer {

// Returns when told to stop (SIGTERM, SIGINT, SIGHUP) or, with --exit-with-driver, when vssd is
// gone; nothing of ours is frozen then, except what could not be thawed: the status is 1 then.
base::Result<int> run_service(const Options& options);

}  // namespace vss::freezer
