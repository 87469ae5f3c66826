#include "simulation/campaign.hpp"

namespace vss::simulation {
namespace {

Outcome run_one(const Scenario& scenario, std::span<const coordinator::Row> table, bool keep_trace,
                Coverage* coverage) {
  World world(scenario, {.table = table, .keep_trace = keep_trace, .coverage = coverage});
  return world.run();
}

// Shortens one failing scenario with one table.
struct Shortener {
  std::span<const coordinator::Row> table;
  int promise = 0;
  std::size_t lines = 0;  // of the shortest trace so far

  // Breaks the same promise, and no later: leaving something out may also put the failure off.
  bool still_fails(const Scenario& scenario) {
    if (scenario.asks.empty()) return false;
    const Outcome outcome = run_one(scenario, table, false, nullptr);
    const bool fails = outcome.violation && outcome.violation->promise == promise;
    if (!fails || outcome.trace_lines > lines) return false;
    lines = outcome.trace_lines;
    return true;
  }

  template <typename Part>
  bool leave_out_one(Scenario& scenario, std::vector<Part> Scenario::* parts) {
    for (std::size_t i = (scenario.*parts).size(); i-- > 0;) {
      Scenario shorter = scenario;
      (shorter.*parts).erase((shorter.*parts).begin() + static_cast<std::ptrdiff_t>(i));
      if (!still_fails(shorter)) continue;
      scenario = shorter;
      return true;
    }
    return false;
  }

  // An ask that goes takes its faults along; later ones keep theirs.
  bool leave_out_ask(Scenario& scenario) {
    for (unsigned i = 0; i < scenario.asks.size(); ++i) {
      Scenario shorter = scenario;
      shorter.asks.erase(shorter.asks.begin() + i);
      std::erase_if(shorter.faults, [i](const FaultSpec& fault) { return fault.ask == i; });
      for (FaultSpec& fault : shorter.faults)
        fault.ask -= fault.ask > i ? 1 : 0;
      if (!still_fails(shorter)) continue;
      scenario = shorter;
      return true;
    }
    return false;
  }
};

}  // namespace

CampaignResult run_campaign(const CampaignOptions& options) {
  CampaignResult result;
  std::size_t episode = options.only_episode.value_or(0);
  for (bool more = true; more; ++episode) {
    const Scenario scenario = make_scenario(derive(options.seed, episode));
    const bool keep = options.on_trace != nullptr;
    const Outcome outcome = run_one(scenario, options.table, keep, &result.coverage);
    ++result.episodes;
    result.transactions += outcome.transactions;
    result.trace_lines += outcome.trace_lines;
    result.trace_hash = chain_hash(result.trace_hash, outcome.trace_hash);
    if (keep) options.on_trace(outcome.trace);
    more = result.transactions < options.transactions && !options.only_episode;
    if (!outcome.violation) continue;
    result.violation = outcome.violation;
    result.failing = scenario;
    result.failing_episode = episode;
    break;
  }
  return result;
}

Shortened shorten(const Scenario& failing, std::span<const coordinator::Row> table) {
  Shortened result{failing, run_one(failing, table, true, nullptr), {}};
  Scenario& scenario = result.scenario;
  VSS_ASSERT(result.before.violation);
  Shortener shortener{table, result.before.violation->promise, result.before.trace_lines};
  while (shortener.leave_out_ask(scenario) ||
         shortener.leave_out_one(scenario, &Scenario::faults) ||
         shortener.leave_out_one(scenario, &Scenario::writers) ||
         shortener.leave_out_one(scenario, &Scenario::filesystems)) {
  }
  result.after = run_one(scenario, table, true, nullptr);
  return result;
}

}  // namespace vss::simulation
