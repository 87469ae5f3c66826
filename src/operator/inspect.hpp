// The subcommands that change nothing: status, writers, plan, history, explain.
#pragma once

#include "operator/session.hpp"
#include "records/documents.hpp"

namespace vss::operators {

// Prints to standard output; returns the exit status.
int inspect(Session& session, const Options& options);

// Of an answer to kPlan that has its end.
records::PlanDocument plan_of(const Answer& answer);

}  // namespace vss::operators
