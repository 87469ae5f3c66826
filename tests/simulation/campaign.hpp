// Many episodes from one seed, and what to do when a promise breaks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "coordinator/transitions.hpp"
#include "simulation/coverage.hpp"
#include "simulation/scenario.hpp"
#include "simulation/world.hpp"

namespace vss::simulation {

struct CampaignResult {
  std::size_t episodes = 0;
  std::size_t transactions = 0;
  std::size_t trace_lines = 0;
  std::uint64_t trace_hash = 0;
  Coverage coverage;
  std::optional<Violation> violation;
  Scenario failing;  // where there is one
  std::size_t failing_episode = 0;
};

// `on_trace`, where it is set, gets each episode's trace as it ends.
struct CampaignOptions {
  std::uint64_t seed = 1;
  std::size_t transactions = 1000;
  std::optional<std::size_t> only_episode;
  std::span<const coordinator::Row> table = coordinator::transition_table();
  void (*on_trace)(std::string_view) = nullptr;
};

// Stops at the first violation.
CampaignResult run_campaign(const CampaignOptions& options);

// Leaves out of a failing scenario what it does not need in order to break the same promise: asks,
// faults, writers, filesystems, one after the other, until nothing more can go.
struct Shortened {
  Scenario scenario;
  Outcome before, after;
};
Shortened shorten(const Scenario& failing, std::span<const coordinator::Row> table);

}  // namespace vss::simulation
