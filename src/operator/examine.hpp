// Looks at this machine for `vssctl doctor`: changes nothing, and writes nowhere, so that it may
// run while something is frozen.
#pragma once

#include "doctor/facts.hpp"
#include "operator/session.hpp"

namespace vss::operators {

// Everything.
doctor::Facts examine(Session& session);

// What vssd says of itself; waits for it at most as long as `status` and `plan` do. It connects,
// and where systemd has the socket that would start vssd: examine() looks first.
doctor::VssdFacts ask_vssd(Session& session);

}  // namespace vss::operators
