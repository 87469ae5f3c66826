// The subcommands that change nothing: status, writers, plan, history, explain.
#pragma once

#include "operator/session.hpp"

namespace vss::operators {

// Prints to standard output; returns the exit status.
int inspect(Session& session, const Options& options);

}  // namespace vss::operators
