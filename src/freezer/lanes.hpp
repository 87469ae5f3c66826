// Lanes: one parked thread per filesystem, so that an ioctl that hangs holds nobody else.
//
// Made while setting up (freezer: PREPARE; guardian: ARM), with small, touched stacks; from then on
// starting work is one semaphore post. A lane does what it is told in order: a thaw told while its
// freeze is in flight begins when that returns. Each lane has a descriptor table of its own that
// holds nothing but its filesystem and the wake-up: when the process is killed while a lane hangs
// in the kernel, its sockets close all the same and everybody sees at once that it is gone.
#pragma once

#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "freezer/slots.hpp"
#include "freezer/thaw_routine.hpp"

namespace vss::freezer {

class Lanes {
 public:
  // `table`, `ioctls` must outlive the lanes. `filesystems[i]` belongs to slot i. The threads may
  // still be on their way to be parked: await_parked(). Not freeze-safe: makes threads.
  static base::Result<std::unique_ptr<Lanes>> make(const SlotTable& table,
                                                   std::vector<base::UniqueFd> filesystems,
                                                   platform::FreezeIoctls& ioctls, Thawer as);
  // Returns when every thread of make() is ready, its memory touched. Once, before any is told to
  // freeze.
  void await_parked() { await_start(size()); }
  // One more, for `slot`; parked when this returns. Lanes are counted in the order in which they
  // were made.
  base::Status add(std::size_t slot, base::UniqueFd filesystem);

  // All lanes must be parked (or never told anything): closes the filesystems. No descriptor of
  // theirs is open afterwards, in no thread. Nothing may be told any more; the threads end by
  // themselves, without anybody having to wait for it.
  void release();
  // The same where it was not done, and joins the threads.
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  std::size_t size() const { return lanes_.size(); }

  // Any thread; never block; freeze-safe. Told twice is told once.
  void freeze(std::size_t i) { tell(i, kFreeze); }
  void thaw(std::size_t i) { tell(i, kThaw); }
  void thaw_all();

  // Becomes readable when a lane finished something; drain() makes it quiet again.
  int finished_event() const { return event_.get(); }
  void drain();

  // Nothing told is still to be done.
  bool parked(std::size_t i) const {
    return (lanes_[i]->told.load() & ~kStop) == lanes_[i]->done.load();
  }
  bool all_parked() const;

 private:
  static constexpr unsigned kFreeze = 1, kThaw = 2, kStop = 4;

  struct Lane {
    Lanes* owner = nullptr;
    std::size_t number = 0;
    std::size_t slot = 0;
    base::UniqueFd filesystem;
    pthread_t thread{};
    sem_t wake{};
    std::atomic<unsigned> told{0};
    std::atomic<unsigned> done{0};
  };

  Lanes(const SlotTable& table, platform::FreezeIoctls& ioctls, Thawer as)
      : table_(table), ioctls_(ioctls), as_(as) {}
  base::Status prepare();
  base::Status start_lane(std::size_t slot, base::UniqueFd filesystem);
  void await_start(std::size_t count);
  void tell(std::size_t i, unsigned what);
  static void* run(void* lane);
  void work(Lane& lane, unsigned what);

  const SlotTable& table_;
  platform::FreezeIoctls& ioctls_;
  const Thawer as_;
  base::UniqueFd event_;
  sem_t started_{};
  sem_t stopped_{};
  bool released_ = false;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace vss::freezer
