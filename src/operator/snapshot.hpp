// `vssctl snapshot -- COMMAND`: everything is held while COMMAND takes the copy.
#pragma once

#include "operator/session.hpp"

namespace vss::operators {

// Returns the exit status: COMMAND's own, or 124 to 127.
int snapshot(Session& session, const Options& options);

}  // namespace vss::operators
