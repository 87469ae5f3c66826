// What the freezer's runtime directory holds: the slots and the thawed page. It outlives every
// process. And the one thaw routine over it, which freezer and guardian both run.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/identity.hpp"
#include "simulation/kernel.hpp"

namespace vss::simulation {

enum class Thawer : std::uint8_t { kNobody, kFreezer, kGuardian };

struct Slot {
  enum class State : std::uint8_t { kIntent, kFrozen, kThawing, kClosed };
  unsigned filesystem = 0;
  State state = State::kIntent;
  Thawer by = Thawer::kNobody;
  std::uint64_t claim = 0;  // the claiming process; another one takes over when it is gone
  bool by_others = false, by_guardian = false, owner_unknown = false;
};

class FreezerFiles {
 public:
  std::vector<Slot> slots;
  base::TransactionId transaction;  // of the slots
  base::TransactionId thawed_page;
  std::function<void()> page_changed;  // the driver watches it

  bool all_closed() const;
  std::uint32_t count_frozen() const;  // frozen or being thawed
  void publish();                      // every slot is closed: the page says so
};

// One process's run of the routine.
class ThawRoutine {
 public:
  struct Process {
    Thawer who{};
    std::uint64_t claim = 0;
    std::function<bool()> stopped;               // SIGSTOPped: it does nothing until continued
    std::function<bool(std::uint64_t)> is_gone;  // the process of a claim
    std::function<Duration()> time_for_thaw;
    std::function<void()> closed_a_slot = [] {};
  };

  ThawRoutine(Timeline& timeline, Kernel& kernel, FreezerFiles& files, Process process)
      : timeline_(timeline), kernel_(kernel), files_(files), process_(std::move(process)) {}

  // Runs until every slot is closed, then publishes and calls `done`. Running already: `done` is
  // called with the others.
  void run(std::function<void()> done);
  bool running() const { return running_; }
  // The process was killed: nothing more comes from it.
  void forget();
  void be(std::uint64_t claim) { process_.claim = claim; }  // the next process of this program
  std::uint64_t claim() const { return process_.claim; }

 private:
  void round();
  void thaw(Slot& slot);
  void returned(unsigned filesystem, bool taken_over, int error, std::uint64_t run);

  Timeline& timeline_;
  Kernel& kernel_;
  FreezerFiles& files_;
  Process process_;
  bool running_ = false;
  std::uint64_t run_ = 0;
  std::vector<std::function<void()>> done_;
};

}  // namespace vss::simulation
