// What the administrator decided: validated by config/, immutable once the driver runs.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "coordinator/types.hpp"

namespace vss::coordinator {

struct Budgets {
  Duration check{}, prepare{}, freeze{}, hold{}, thaw{};
};

struct RequesterPolicy {
  Budgets budgets;
  Grade require = Grade::kFilesystem;
};

// Matches a writer by its exact name. What is not set is as the writer asked.
struct WriterRule {
  Name name;
  std::optional<Criticality> criticality;
  std::optional<int> level;
  std::optional<Duration> timeout_max;  // for each CHECK, FREEZE, THAW
  bool expected = false;                // its absence counts as failure
};

struct Policy {
  // By RequesterKind: Hyper-V 10/45/10/60/20 s, QEMU agent 15/15/10/60/20 s, local 60/60/10/30/20
  // s.
  std::array<RequesterPolicy, kRequesterKinds> requesters;
  std::vector<WriterRule> writers;
  Duration timeout_default = base::seconds{2};  // CHECK, FREEZE, THAW of one participant
  Duration timeout_max = base::seconds{30};     // what a writer may ask for
  Duration guardian_margin = base::seconds{2};  // guardian acts this long after the hold deadline
  Duration release_margin = base::seconds{4};   // writers are released without the freezer
  std::size_t writers_max = base::kWritersDefault;
  // Not empty: no transaction starts, and this is why. Set where nobody knows what the
  // administrator decided.
  Reason standing_veto;

  const RequesterPolicy& of(RequesterKind kind) const {
    return requesters[static_cast<std::size_t>(kind)];
  }
};

// The defaults of DESIGN: what an empty configuration means.
Policy default_policy();

}  // namespace vss::coordinator
