#include "simulation/mutants.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <utility>

#include "simulation/campaign.hpp"

namespace vss::simulation {

using coordinator::Effect;
using coordinator::Guard;
using coordinator::Row;

namespace {

// Longer than the longest honest run by far.
constexpr unsigned kHangSeconds = 120;

std::string text_of(const Row& row) {
  return fmt::format("{}, {}, {}{}: {}, {}", coordinator::to_text(row.phase),
                     coordinator::to_text(row.trigger), row.negated ? "not " : "",
                     coordinator::to_text(row.guard), coordinator::to_text(row.effect),
                     coordinator::to_text(row.next));
}

class Maker {
 public:
  explicit Maker(std::span<const Row> table) : table_(table) {}

  void mutate_row(std::size_t index) {
    index_ = index;
    const Row& row = table_[index];
    Mutant dropped{text_of(row) + " | dropped", {table_.begin(), table_.end()}};
    dropped.table.erase(dropped.table.begin() + static_cast<std::ptrdiff_t>(index));
    mutants.push_back(std::move(dropped));
    for (std::size_t phase = 0; phase < coordinator::kPhases; ++phase) {
      if (static_cast<Phase>(phase) != row.next) alter_phase(static_cast<Phase>(phase));
    }
    for (std::size_t effect = 0; effect < coordinator::kEffects; ++effect) {
      if (static_cast<Effect>(effect) != row.effect) alter_effect(static_cast<Effect>(effect));
    }
    if (row.guard == Guard::kAlways) return;
    invert_guard();
    drop_guard();
  }

  std::vector<Mutant> mutants;

 private:
  Row& add(std::string_view what) {
    mutants.push_back(
        {fmt::format("{} | {}", text_of(table_[index_]), what), {table_.begin(), table_.end()}});
    return mutants.back().table[index_];
  }
  void alter_phase(Phase phase) {
    add(fmt::format("phase becomes {}", coordinator::to_text(phase))).next = phase;
  }
  void alter_effect(Effect effect) {
    add(fmt::format("effect becomes {}", coordinator::to_text(effect))).effect = effect;
  }
  void invert_guard() { add("guard inverted").negated ^= true; }
  void drop_guard() { add("guard dropped").guard = Guard::kAlways; }

  std::span<const Row> table_;
  std::size_t index_ = 0;
};

[[noreturn]] void run_in_child(const Mutant& mutant, const Trial& trial) {
  // An assertion of the mutant's is expected: no core, no message.
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (null >= 0) dup2(null, STDERR_FILENO);
  alarm(kHangSeconds);
  for (unsigned i = 0; i < trial.seeds; ++i) {
    CampaignOptions options;
    options.seed = trial.first_seed + i;
    options.transactions = trial.transactions;
    options.table = mutant.table;
    const CampaignResult result = run_campaign(options);
    if (result.violation) _exit(result.violation->promise);
  }
  _exit(0);
}

}  // namespace

std::vector<Mutant> make_mutants(std::span<const Row> table) {
  Maker maker(table);
  for (std::size_t i = 0; i < table.size(); ++i)
    maker.mutate_row(i);
  return std::move(maker.mutants);
}

std::string_view to_text(Fate fate) {
  switch (fate) {
    case Fate::kSurvived: return "survived";
    case Fate::kPromiseBroken: return "promise broken";
    case Fate::kAssertion: return "assertion";
    case Fate::kHang: return "hang";
  }
  return "?";
}

RunningTrial::RunningTrial(const Mutant& mutant, const Trial& trial) {
  process_ = fork();
  VSS_ASSERT(process_ >= 0);
  if (process_ == 0) run_in_child(mutant, trial);
}

RunningTrial::RunningTrial(RunningTrial&& other) noexcept
    : process_(std::exchange(other.process_, -1)), fate_(other.fate_), promise_(other.promise_) {}

RunningTrial::~RunningTrial() {
  int status = 0;
  if (process_ > 0) waitpid(process_, &status, 0);
}

void RunningTrial::ended(int wait_status) {
  process_ = -1;
  if (WIFSIGNALED(wait_status)) {
    fate_ = WTERMSIG(wait_status) == SIGALRM ? Fate::kHang : Fate::kAssertion;
  } else if (WEXITSTATUS(wait_status) != 0) {
    fate_ = Fate::kPromiseBroken;
    promise_ = WEXITSTATUS(wait_status);
  }
}

}  // namespace vss::simulation
