// The coordinator's words and the wire's, which are the same words with fixed numbers.
#pragma once

#include "coordinator/events.hpp"
#include "wire/participant.hpp"

namespace vss::devices {

wire::Operation to_wire(coordinator::Operation operation);
coordinator::Criticality from_wire(wire::Criticality criticality);
coordinator::FreezerStanding from_wire(const wire::FreezerStatus& status);
coordinator::FilesystemCounts from_wire(const wire::FilesystemSummary& summary);

}  // namespace vss::devices
