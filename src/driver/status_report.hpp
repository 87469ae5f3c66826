// What `vssctl status` and `vssctl writers` show.
#pragma once

#include "coordinator/coordinator.hpp"
#include "records/documents.hpp"

namespace vss::driver {

// The driver fills in what the coordinator does not know: version, last record, warnings, and where
// the freezer stands.
records::StatusDocument status_of(const coordinator::Coordinator& coordinator,
                                  const coordinator::Policy& policy, base::Instant now);
records::WritersDocument writers_of(const coordinator::Coordinator& coordinator,
                                    const coordinator::Policy& policy);

}  // namespace vss::driver
