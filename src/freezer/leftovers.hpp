// Helper processes that a transaction left in the kernel.
//
// Killed, they go on there until the kernel has its answer, and as long as one syncs a filesystem a
// FIFREEZE of that would wait for it with its neighbours frozen: nothing is opened before they are
// gone. One whose time was over says that a device does not answer; one that was merely cut short,
// by an ABORT, says nothing. Main thread only; never blocks.
#pragma once

#include <utility>
#include <vector>

#include "base/fixed_text.hpp"
#include "base/time.hpp"
#include "platform/helper_process.hpp"
#include "wire/participant.hpp"

namespace vss::freezer {

class Leftovers {
 public:
  // Why nothing can be frozen as long as they are there, and whether their time was over.
  void blame(const wire::Reason& reason, bool time_was_over) {
    reason_ = reason;
    time_was_over_ = time_was_over;
  }
  void add(platform::HelperProcess process) { processes_.push_back(std::move(process)); }
  void add(std::vector<platform::HelperProcess> processes) {
    for (platform::HelperProcess& process : processes)
      add(std::move(process));
  }

  // Reaps those that have ended.
  bool any() {
    std::erase_if(processes_, [](platform::HelperProcess& process) { return process.ended(); });
    return !processes_.empty();
  }
  bool hang() { return any() && time_was_over_; }
  // How long it is worth waiting for them: who was killed and does not hang is gone at once.
  base::Duration patience() const { return time_was_over_ ? kDying : kFlushing; }
  const wire::Reason& reason() const { return reason_; }

 private:
  static constexpr base::Duration kDying = base::milliseconds{100};
  static constexpr base::Duration kFlushing = base::seconds{30};

  std::vector<platform::HelperProcess> processes_;
  wire::Reason reason_;
  bool time_was_over_ = false;
};

}  // namespace vss::freezer
