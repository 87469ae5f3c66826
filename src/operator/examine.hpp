// Looks at this machine for `vssctl doctor`: changes nothing, and writes nowhere, so that it may
// run while something is frozen.
#pragma once

#include "doctor/facts.hpp"
#include "operator/session.hpp"

namespace vss::operators {

// What vssd says of itself; waits for it at most as long as `status` and `plan` do.
doctor::VssdFacts ask_vssd(Session& session);

// What the machine shows. `vssd`: as ask_vssd() found it.
doctor::Facts examine(const config::Configuration& configuration, doctor::VssdFacts vssd);

}  // namespace vss::operators
