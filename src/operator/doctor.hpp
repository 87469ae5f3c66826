// `vssctl doctor`: would a backup succeed, and what could spoil it?
#pragma once

#include "operator/session.hpp"

namespace vss::operators {

// Prints to standard output; returns the exit status: 0 good, 1 risks, 3 a backup would fail.
int doctor_command(Session& session, const Options& options);

}  // namespace vss::operators
