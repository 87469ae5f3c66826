// What PREPARE flushes while everything runs, so that writers need not wait for it in the freeze.
//
// Rounds of parallel syncfs, as plan::forecast finds that they pay, within half of the time that
// PREPARE has left. At that limit the round is given up: its processes are killed, and what they
// have flushed counts. A process in syncfs ends only when the kernel has its answer, and PREPARE
// waits for that until its own limit: nothing of this runs any more when the first FIFREEZE comes,
// since a FIFREEZE would wait for it (both take the superblock's s_umount) while its neighbours
// are frozen already. What is only synced (policy `sync`) is begun first and never given up; with
// `always`, which is to prove that each device answers, nothing is.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "freezer/sync_round.hpp"
#include "plan/flush_forecast.hpp"
#include "platform/flush_counters.hpp"
#include "wire/filesystems.hpp"

namespace vss::freezer {

// Main thread only; never blocks.
class PreSync {
 public:
  // Tests bring their own.
  struct Kernel {
    std::optional<platform::FlushCounters> (*counters)() = [] {
      return platform::read_flush_counters();
    };
    SyncRound::Sync sync = &platform::sync_filesystem;
  };
  struct Work {
    std::vector<int> descriptors;  // first those to freeze, then those that are only synced
    std::size_t to_freeze = 0;
    plan::FlushPolicy policy;
  };
  struct Failure {
    std::size_t filesystem = 0;
    int error = 0;
  };
  enum class State { kRunning, kDone };

  PreSync(Work work, const Kernel& kernel, base::Instant now, base::Instant answer_by);

  // At first, whenever descriptor() is readable, and from time to time.
  base::Result<State> go_on(base::Instant now);
  int descriptor() const { return round_ ? round_->descriptor() : -1; }

  std::optional<Failure> failure() const { return failure_; }
  // When done: of a freeze at this moment.
  const plan::FlushForecast& forecast() const { return forecast_; }
  wire::FlushReport report() const;
  // While it runs: the first that did not answer, by its place in Work::descriptors.
  std::size_t waits_for() const;

  // Ends it; true once nothing of it is left. What hangs in the kernel stays: take_processes().
  bool stop();
  std::vector<platform::HelperProcess> take_processes();

 private:
  base::Result<State> start_round(base::Instant now);
  base::Result<State> finish_round(base::Instant now);
  bool may_give_up() const;

  Work work_;
  Kernel kernel_;
  base::Instant rounds_end_;
  std::optional<SyncRound> round_;
  std::vector<std::size_t> in_round_;  // places in Work::descriptors, in the round's order
  plan::FlushState first_, before_;
  base::Instant began_;
  base::Duration took_{0};  // all rounds
  std::vector<plan::FlushRound> rounds_;
  bool started_ = false;   // a first look was taken; what is owed was begun
  bool measures_ = false;  // what is to be frozen is in the round
  bool given_up_ = false;
  std::optional<Failure> failure_;
  plan::FlushForecast forecast_;
};

}  // namespace vss::freezer
