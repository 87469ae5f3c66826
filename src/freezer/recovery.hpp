// Thawing what a service that is gone has left frozen: at the freezer's start, and as
// `vss-freezer --thaw`, which is also the service manager's stop hook.
//
// Works from the slots alone. Finds each open slot's filesystem by identity: any mount of the same
// superblock in our own or process 1's mount table, checked by mount id after opening; where none
// is left (umount -l), by mounting its device once more where nobody sees it. Then the thaw
// routine.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "freezer/lanes.hpp"
#include "freezer/options.hpp"
#include "freezer/slots.hpp"
#include "freezer/thawed_page.hpp"

namespace vss::freezer {

class Recovery {
 public:
  // Opens what is to be opened (a helper does; what does not answer is left out) and starts to
  // thaw. Not freeze-safe: reads mount tables, forks.
  // Fails where a slot is in an ioctl of another PID namespace, unless `force`: whether that thread
  // is gone cannot be seen from here.
  static base::Result<std::unique_ptr<Recovery>> start(SlotTable& table,
                                                       platform::FreezeIoctls& ioctls,
                                                       bool force = false);

  int descriptor() const { return lanes_->finished_event(); }
  // Until everything that was found is closed, or the time is over. True: it is.
  bool wait(base::Duration patience);
  bool finished() const { return lanes_->all_parked(); }
  // One line for each slot that was open: what became of it.
  std::vector<std::string> report() const;

 private:
  explicit Recovery(SlotTable& table) : table_(table) {}
  void find_filesystems(std::vector<base::UniqueFd>& found);
  void open_all(const std::vector<std::size_t>& slots, std::vector<base::UniqueFd>& found);
  void give_up_gone_devices(const std::vector<base::UniqueFd>& found);

  SlotTable& table_;
  std::unique_ptr<Lanes> lanes_;
  std::vector<std::size_t> slots_;     // that were open
  std::vector<std::string> problems_;  // by index of slots_
};

// One vss-freezer works on a runtime directory; it holds this lock while its main thread lives.
class OwnerLock {
 public:
  // os_errno EWOULDBLOCK: another one has it.
  static base::Result<OwnerLock> take(const std::string& runtime_directory);

 private:
  base::UniqueFd fd_;
};

// `vss-freezer --thaw`: prints what it did; the exit status.
base::Result<int> run_thaw(const Options& options);

}  // namespace vss::freezer
