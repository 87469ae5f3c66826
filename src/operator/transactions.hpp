// The subcommands that begin or end a transaction and run nothing meanwhile: check, hold, release,
// thaw.
#pragma once

#include "operator/session.hpp"

namespace vss::operators {

// Each returns the exit status.
int check(Session& session, const Options& options);
int hold(Session& session, const Options& options);
int release(Session& session, const Options& options);
int thaw(Session& session, const Options& options);

}  // namespace vss::operators
