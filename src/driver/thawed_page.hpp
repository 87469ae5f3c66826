// The page in which the freezer, and after it the guardian, publish the transaction they thawed
// last.
#pragma once

#include "base/identity.hpp"
#include "platform/shared_file.hpp"

namespace vss::driver {

// Freeze-safe once mapped.
class ThawedPage {
 public:
  // // Maps what the freezer's descriptor shows, in place of what was mapped before. An error: it
  // shows no such page, and nothing changed.
  base::Status map(int descriptor);

  // None while no page is known, or nothing was ever thawed.
  base::TransactionId last_thawed() const;

 private:
  platform::SharedMapping mapping_;
};

}  // namespace vss::driver
