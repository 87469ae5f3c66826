// One round of syncfs over many filesystems at once, in disposable processes, since each call can
// hang on a dead device.
//
// Several processes work through the filesystems side by side and answer for each. Who is killed in
// syncfs goes on in the kernel until that has its answer: only once every process is reaped does
// nothing of the round touch a filesystem any more. Not freeze-safe: forks.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/helper_process.hpp"
#include "platform/mount_identity.hpp"

namespace vss::freezer {

class SyncRound {
 public:
  // 0 or errno; runs in a child: allocates nothing. Tests bring their own.
  using Sync = int (*)(int fd);
  // Each costs a fork of locked memory, most of a millisecond; more do not make a disk faster.
  static constexpr std::size_t kProcessesMax = 8;

  // Those at the front are begun first. failure() is set where not every process could be made:
  // those that were have been killed, and must end like any other's.
  static base::Result<SyncRound> start(std::span<const int> filesystems,
                                       Sync sync_one = &platform::sync_filesystem);
  SyncRound(SyncRound&&) noexcept = default;
  SyncRound& operator=(SyncRound&&) noexcept = default;

  const std::optional<base::Error>& failure() const { return failure_; }
  int descriptor() const { return socket_.get(); }
  void receive();  // never blocks
  bool complete() const { return answered_ == results_.size(); }
  bool answered(std::size_t i) const { return results_[i].has_value(); }
  int error_of(std::size_t i) const { return results_[i].value_or(0); }
  // What a process that is left works on; where none is left, the first that did not answer; none:
  // their number.
  std::size_t first_unanswered() const;

  void kill();
  // No process is left. Never blocks.
  bool ended();
  // Those that are left, for who has more patience.
  std::vector<platform::HelperProcess> take_processes();

 private:
  // Takes every step-th filesystem from `first` on.
  struct Worker {
    platform::HelperProcess process;
    std::size_t first = 0;
  };
  SyncRound(base::UniqueFd socket, std::size_t filesystems)
      : socket_(std::move(socket)),
        results_(filesystems),
        step_(filesystems < kProcessesMax ? filesystems : kProcessesMax) {}
  bool left(std::size_t i) const;

  base::UniqueFd socket_;
  std::vector<Worker> workers_;
  std::vector<std::optional<int>> results_;
  std::size_t answered_ = 0;
  std::size_t step_;
  std::optional<base::Error> failure_;
};

}  // namespace vss::freezer
