// The body of vssctl.
#pragma once

namespace vss::operators {

// From the command line to the exit status.
int run_vssctl(int argument_count, char** arguments);

}  // namespace vss::operators
