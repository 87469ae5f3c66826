// `vssctl rehearse`: a whole transaction of which no copy is taken.
#pragma once

#include "operator/session.hpp"

namespace vss::operators {

// Prints to standard output when everything runs again; returns the exit status.
int rehearse(Session& session, const Options& options);

}  // namespace vss::operators
