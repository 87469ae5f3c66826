// Thawing what a service that is gone has left frozen: at the freezer's start, and as
// `vss-freezer --thaw`, which is also the service manager's stop hook.
//
// Works from the slots alone. Finds each open slot's filesystem by identity: any mount of the same
// superblock in our own or process 1's mount table, checked by mount id after opening; where none
// is left (umount -l), by mounting its device once more where nobody sees it. Then the thaw
// routine. What cannot be reached is tried again every second; a slot is given up only where the
// system says that there is no such device, or nothing mounted from it, any more.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "freezer/lanes.hpp"
#include "freezer/open_helper.hpp"
#include "freezer/options.hpp"
#include "freezer/slots.hpp"
#include "freezer/thawed_page.hpp"
#include "platform/shared_file.hpp"

namespace vss::freezer {

class Recovery {
 public:
  // Begins to open and to thaw all that is open. `sysfs` is /sys, or a test's tree. Not
  // freeze-safe: reads mount tables, forks. Fails where a slot is in an ioctl of another PID
  // namespace, unless `force`: whether that thread is gone cannot be seen from here.
  static base::Result<std::unique_ptr<Recovery>> start(SlotTable& table,
                                                       platform::FreezeIoctls& ioctls,
                                                       bool force = false,
                                                       std::string sysfs = "/sys");

  // Goes on, as far as that needs no waiting: helpers open, lanes thaw. When descriptor() becomes
  // readable, and by next_deadline().
  void on_time(base::Instant now);
  int descriptor() const { return lanes_->finished_event(); }
  base::Instant next_deadline(base::Instant now) const;
  // Does the same until it is finished, or the time is over. True: finished.
  bool wait(base::Duration patience);

  // Every slot is closed, and no lane is at work.
  bool finished() const;
  // Something is open that no patience may end: it was reached and is not thawed yet, or a thread
  // may still be in its ioctl.
  bool must_go_on() const;
  // No lane hangs in the kernel: this object can be destroyed.
  bool can_end() const { return lanes_->all_parked(); }

  // One line for each slot that was open: what became of it.
  std::vector<std::string> report() const;
  // "/mnt/a: its freeze is in flight": the first one that is open, and how many more.
  std::string waiting_for() const;

 private:
  // One slot that was open.
  struct Pursuit {
    std::size_t slot = 0;
    std::optional<OpenHelper> helper;  // opens it; one that hangs stays until it has an answer
    base::Instant asked_at;
    base::Instant ask_at;               // again
    std::optional<std::size_t> lane{};  // it was opened
    std::string problem{};              // why it was not
    std::string given_up{};             // why there is nothing to thaw
  };
  struct Tables;

  Recovery(SlotTable& table, std::string sysfs) : table_(table), sysfs_(std::move(sysfs)) {}
  void ask(Pursuit& pursuit, Tables& tables, base::Instant now);
  void hear(Pursuit& pursuit, base::Instant now);
  void opened(Pursuit& pursuit, base::UniqueFd filesystem);
  void not_opened(Pursuit& pursuit, int error);
  void give_up(Pursuit& pursuit, std::string why);
  std::string state_of(const Pursuit& pursuit) const;

  SlotTable& table_;
  const std::string sysfs_;
  std::unique_ptr<Lanes> lanes_;
  std::vector<Pursuit> pursuits_;
};

// One vss-freezer works on a runtime directory; it holds this lock while its main thread lives.
class OwnerLock {
 public:
  // os_errno EWOULDBLOCK: another one has it.
  static base::Result<OwnerLock> take(const std::string& runtime_directory);

  // Who has it, or had it last: only `start` tells whether that is still the process that was
  // meant.
  struct Holder {
    std::uint32_t process = 0;
    std::uint16_t start = 0;
  };
  static std::optional<Holder> holder(const std::string& runtime_directory);

 private:
  base::UniqueFd fd_;
};

// `vss-freezer --thaw`: prints what it did; the exit status.
base::Result<int> run_thaw(const Options& options);

}  // namespace vss::freezer
