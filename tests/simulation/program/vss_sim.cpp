// vss-sim: the coordinator under composed faults in virtual time.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>

#include "base/exit_status.hpp"
#include "simulation/campaign.hpp"

namespace {

using namespace vss::simulation;

// Fewer transactions cannot be expected to reach every cell of the table.
constexpr std::size_t kCoverageJudgedFrom = 20'000;

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int report_violation(const CampaignOptions& options, const CampaignResult& result) {
  const Shortened shortened = shorten(result.failing, options.table);
  const Violation& violation = *result.violation;
  fmt::print("BROKEN: {}: {}\n", name_of_promise(violation.promise), violation.text);
  fmt::print("seed {}, episode {}: again with `vss-sim --seed {} --episode {} --trace`\n",
             options.seed, result.failing_episode, options.seed, result.failing_episode);
  fmt::print("shortened from {} lines to {}:\n{}{}", shortened.before.trace_lines,
             shortened.after.trace_lines, describe(shortened.scenario), shortened.after.trace);
  return vss::base::kExitNo;
}

double processor_seconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

// `processor_limit`: seconds, 0 for none. Of the processor, not of the wall: other programs may
// run.
int run(const CampaignOptions& options, double processor_limit) {
  const double began = processor_seconds();
  const CampaignResult result = run_campaign(options);
  if (result.violation) return report_violation(options, result);
  const double took = processor_seconds() - began;
  print(result.coverage.table());
  fmt::print("{} transactions in {} episodes, {} events, no promise broken\n", result.transactions,
             result.episodes, result.trace_lines);
  fmt::print("seed {}, trace hash {:016x}, {:.1f} s of processor time\n", options.seed,
             result.trace_hash, took);
  if (processor_limit > 0 && took > processor_limit) {
    fmt::print("too slow: {:.1f} s are allowed\n", processor_limit);
    return vss::base::kExitNo;
  }
  const std::size_t empty = result.coverage.empty_cells();
  fmt::print("coverage: {} of {} cells\n", result.coverage.cells() - empty,
             result.coverage.cells());
  if (options.transactions < kCoverageJudgedFrom) {
    fmt::print("coverage was not judged: that needs {} transactions or more\n",
               kCoverageJudgedFrom);
    return vss::base::kExitYes;
  }
  print(result.coverage.empty_cells_text());
  return empty == 0 ? vss::base::kExitYes : vss::base::kExitNo;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Runs the coordinator, its sessions and its records under composed faults in virtual "
      "time, and checks the promises that OpenVSS makes."};
  app.name("vss-sim");
  CampaignOptions options;
  bool trace = false;
  double processor_limit = 0;
  app.add_option("--seed", options.seed, "The same seed makes the same run")->capture_default_str();
  app.add_option("--transactions", options.transactions, "Ends after at least this many")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000'000));
  app.add_option("--episode", options.only_episode, "Run this one alone");
  app.add_flag("--trace", trace, "Print every event, one line each");
  app.add_option("--processor-limit", processor_limit,
                 "Fail if it takes more seconds of processor time");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? vss::base::kExitYes : vss::base::kExitUsage;
  }
  if (trace) options.on_trace = print;
  return run(options, processor_limit);
}
