// Who reads on the kernel's log that a daemon left something frozen: thaws it by hand, as
// `fsfreeze -u` does, and gives his word (`vssctl thaw --force`). Often a daemon is faster.
#pragma once

#include "base/identity.hpp"
#include "simulation/random.hpp"

namespace vss::simulation {

class World;

class Administrator {
 public:
  explicit Administrator(World& world);

  // A line on the kernel's log.
  void reads_kernel_log();

 private:
  void look(int looks_left);
  bool thaws_all(base::TransactionId transaction);

  World& world_;
  Random random_;
};

}  // namespace vss::simulation
