// Which faults struck in which phase at which actor: counted over a whole campaign.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "simulation/faults.hpp"

namespace vss::simulation {

class Coverage {
 public:
  Coverage() : counts_(fault_rows().size()) {}

  void count(Fault fault, Actor actor, Phase phase);
  void add(const Coverage& other);

  std::size_t cells() const;        // that can occur
  std::size_t empty_cells() const;  // that can occur and did not
  // The table, then the reason of each letter that stands for "cannot occur".
  std::string table() const;
  std::string empty_cells_text() const;

 private:
  std::vector<std::array<std::uint64_t, coordinator::kPhases>> counts_;
};

}  // namespace vss::simulation
