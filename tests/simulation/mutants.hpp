// Altered transition tables, to see whether the simulation notices.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "coordinator/transitions.hpp"

namespace vss::simulation {

struct Mutant {
  std::string name;  // the row, and what was done to it; no two are alike
  std::vector<coordinator::Row> table;
};

// One alteration in each: every row dropped; its next phase and its effect replaced by each other
// one; its guard inverted, or dropped.
std::vector<Mutant> make_mutants(std::span<const coordinator::Row> table);

enum class Fate : std::uint8_t { kSurvived, kPromiseBroken, kAssertion, kHang };
std::string_view to_text(Fate fate);

struct Trial {
  std::uint64_t first_seed = 1;
  unsigned seeds = 3;
  std::size_t transactions = 2500;  // for each seed
};

// Runs the simulation with the mutant's table, in a process of its own: an assertion or an endless
// loop of the mutant's is its end, not ours. `promise` is the one that was broken.
class RunningTrial {
 public:
  RunningTrial(const Mutant& mutant, const Trial& trial);
  RunningTrial(RunningTrial&& other) noexcept;
  RunningTrial& operator=(RunningTrial&&) = delete;
  ~RunningTrial();  // waits

  int process() const { return process_; }
  void ended(int wait_status);  // by waitpid(2) of whoever runs several at once
  Fate fate() const { return fate_; }
  int promise() const { return promise_; }

 private:
  int process_ = -1;
  Fate fate_ = Fate::kSurvived;
  int promise_ = 0;
};

}  // namespace vss::simulation
