// vss-mutation: how much of the transition table does the simulation hold?
#include <fmt/format.h>
#include <sys/wait.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <list>
#include <map>
#include <string>

#include "base/exit_status.hpp"
#include "simulation/mutants.hpp"
#include "simulation/promise.hpp"
#include "simulation/random.hpp"

namespace {

using namespace vss::simulation;

constexpr double kScoreRequired = 95.0;

struct Options {
  std::size_t sample = 0;  // 0: all
  unsigned jobs = 2;
  bool verbose = false;
  std::string reasons = OPENVSS_SURVIVORS;
  Trial trial;
};

// Lines of `mutant => reason`; others are comments.
std::map<std::string, std::string> read_reasons(const std::string& path) {
  std::map<std::string, std::string> reasons;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto arrow = line.find(" => ");
    if (line.starts_with('#') || arrow == std::string::npos) continue;
    reasons[line.substr(0, arrow)] = line.substr(arrow + 4);
  }
  return reasons;
}

// Spread over the whole table, the same ones for one seed.
std::vector<Mutant> choose(std::vector<Mutant> all, const Options& options) {
  if (options.sample == 0 || options.sample >= all.size()) return all;
  std::vector<Mutant> chosen;
  Random random(options.trial.first_seed);
  for (std::size_t i = 0; i < options.sample; ++i) {
    const std::size_t begin = i * all.size() / options.sample;
    const std::size_t end = (i + 1) * all.size() / options.sample;
    chosen.push_back(std::move(all[begin + random.below(end - begin)]));
  }
  return chosen;
}

struct Tally {
  std::map<Fate, std::size_t> fates;
  std::map<int, std::size_t> promises;
  std::vector<std::string> survivors;

  void add(const Mutant& mutant, const RunningTrial& trial, bool verbose) {
    ++fates[trial.fate()];
    if (trial.fate() == Fate::kPromiseBroken) ++promises[trial.promise()];
    if (trial.fate() == Fate::kSurvived) survivors.push_back(mutant.name);
    if (verbose) {
      fmt::print("{:<15} {:<24} {}\n", to_text(trial.fate()),
                 trial.promise() != 0 ? name_of_promise(trial.promise()) : "", mutant.name);
    }
  }
};

Tally run_all(const std::vector<Mutant>& mutants, const Options& options) {
  Tally tally;
  std::map<int, std::pair<const Mutant*, RunningTrial>> running;
  std::size_t next = 0;
  while (next < mutants.size() || !running.empty()) {
    if (next < mutants.size() && running.size() < options.jobs) {
      std::fflush(stdout);
      RunningTrial trial(mutants[next], options.trial);
      const int process = trial.process();
      running.emplace(process, std::pair{&mutants[next], std::move(trial)});
      ++next;
      continue;
    }
    int status = 0;
    const int process = waitpid(-1, &status, 0);
    const auto found = running.find(process);
    if (found == running.end()) continue;
    found->second.second.ended(status);
    tally.add(*found->second.first, found->second.second, options.verbose);
    running.erase(found);
  }
  return tally;
}

int report(const std::vector<Mutant>& mutants, const Tally& tally, const Options& options) {
  const auto reasons = read_reasons(options.reasons);
  std::size_t unexplained = 0;
  for (const std::string& survivor : tally.survivors) {
    const auto reason = reasons.find(survivor);
    if (reason == reasons.end()) ++unexplained;
    fmt::print("survived: {}\n          {}\n", survivor,
               reason == reasons.end() ? "NO REASON IS DECLARED" : reason->second);
  }
  std::size_t stale = 0;
  for (const auto& [name, reason] : reasons) {
    const bool survived = std::ranges::find(tally.survivors, name) != tally.survivors.end();
    if (options.sample != 0 || survived) continue;
    fmt::print("declared a survivor, but caught or unknown: {}\n", name);
    ++stale;
  }
  for (const auto& [promise, count] : tally.promises) {
    fmt::print("{:>5} caught by {}\n", count, name_of_promise(promise));
  }
  for (const auto& [fate, count] : tally.fates)
    fmt::print("{:>5} {}\n", count, to_text(fate));
  const std::size_t caught = mutants.size() - tally.survivors.size();
  const double score = 100.0 * static_cast<double>(caught) / static_cast<double>(mutants.size());
  fmt::print("mutation score: {:.1f} % ({} of {} caught; {:.0f} % required, {} unexplained)\n",
             score, caught, mutants.size(), kScoreRequired, unexplained);
  const bool good = score >= kScoreRequired && unexplained == 0 && stale == 0;
  return good ? vss::base::kExitYes : vss::base::kExitNo;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Alters the coordinator's transition table, one row at a time, and tells how many of "
      "these mutants the simulation catches."};
  app.name("vss-mutation");
  Options options;
  app.add_option("--sample", options.sample, "Try this many mutants, spread over the table");
  app.add_option("--jobs", options.jobs, "Mutants tried at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--seed", options.trial.first_seed, "First seed")->capture_default_str();
  app.add_option("--seeds", options.trial.seeds, "Seeds for each mutant")->capture_default_str();
  app.add_option("--transactions", options.trial.transactions, "For each seed")
      ->capture_default_str();
  app.add_option("--reasons", options.reasons, "Declared survivors")->capture_default_str();
  app.add_flag("--verbose", options.verbose, "Name every mutant's fate");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? vss::base::kExitYes : vss::base::kExitUsage;
  }
  const std::vector<Mutant> mutants =
      choose(make_mutants(vss::coordinator::transition_table()), options);
  return report(mutants, run_all(mutants, options), options);
}
