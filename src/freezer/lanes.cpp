#include "freezer/lanes.hpp"

#include <algorithm>
#include <array>
#include "base/assert.hpp"

#include "platform/thread.hpp"

namespace vss::freezer {

base::Result<std::unique_ptr<Lanes>> Lanes::make(const SlotTable& table,
                                                 std::vector<base::UniqueFd> filesystems,
                                                 platform::FreezeIoctls& ioctls, Thawer as) {
  std::unique_ptr<Lanes> lanes(new Lanes(table, ioctls, as));
  if (auto prepared = lanes->prepare(); !prepared) return std::unexpected(prepared.error());
  lanes->lanes_.reserve(filesystems.size());
  for (std::size_t slot = 0; slot < filesystems.size(); ++slot) {
    auto started = lanes->start_lane(slot, std::move(filesystems[slot]));
    // The destructor ends those that run.
    if (!started) return std::unexpected(started.error());
  }
  return lanes;
}

base::Status Lanes::add(std::size_t slot, base::UniqueFd filesystem) {
  auto started = start_lane(slot, std::move(filesystem));
  if (started) await_start(1);
  return started;
}

base::Status Lanes::prepare() {
  auto event = platform::make_event();
  if (!event) return std::unexpected(event.error());
  event_ = std::move(*event);
  ::sem_init(&started_, 0, 0);
  ::sem_init(&stopped_, 0, 0);
  return {};
}

base::Status Lanes::start_lane(std::size_t slot, base::UniqueFd filesystem) {
  auto lane = std::make_unique<Lane>();
  lane->owner = this;
  lane->number = lanes_.size();
  lane->slot = slot;
  lane->filesystem = std::move(filesystem);
  ::sem_init(&lane->wake, 0, 0);
  auto made = platform::start_lane_thread(&Lanes::run, lane.get());
  if (!made) return std::unexpected(made.error());
  lane->thread = *made;
  lanes_.push_back(std::move(lane));
  return {};
}

void Lanes::await_start(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    platform::wait_for(started_);
}

void Lanes::release() {
  VSS_ASSERT(all_parked());
  if (released_) return;
  released_ = true;
  // All at once: they stop side by side.
  for (auto& lane : lanes_)
    tell(lane->number, kStop);
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    platform::wait_for(stopped_);
  for (auto& lane : lanes_)
    lane->filesystem.reset();
}

Lanes::~Lanes() {
  release();
  for (auto& lane : lanes_) {
    ::pthread_join(lane->thread, nullptr);
    ::sem_destroy(&lane->wake);
  }
}

void Lanes::thaw_all() {
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    thaw(i);
}

void Lanes::drain() {
  platform::drain_event(event_.get());
}

bool Lanes::all_parked() const {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (!parked(i)) return false;
  }
  return true;
}

void Lanes::tell(std::size_t i, unsigned what) {
  Lane& lane = *lanes_[i];
  if ((lane.told.fetch_or(what) & what) == 0) ::sem_post(&lane.wake);
}

void* Lanes::run(void* argument) {
  Lane& lane = *static_cast<Lane*>(argument);
  Lanes& owner = *lane.owner;
  const bool own_table =
      platform::keep_only_descriptors(std::array{lane.filesystem.get(), owner.event_.get()});
  platform::current_thread();
  ::sem_post(&owner.started_);
  for (;;) {
    platform::wait_for(lane.wake);
    const unsigned next = lane.told.load() & ~lane.done.load();
    for (const unsigned what : {kFreeze, kThaw, kStop}) {
      if ((next & what) == 0) continue;
      if (what == kStop) {
        if (own_table) platform::close_own_descriptors();
        ::sem_post(&owner.stopped_);
        return nullptr;
      }
      owner.work(lane, what);
      lane.done.fetch_or(what);
      platform::signal_event(owner.event_.get());
    }
  }
}

void Lanes::work(Lane& lane, unsigned what) {
  if (what == kThaw) {
    thaw_until_closed(table_, lane.slot, lane.filesystem.get(), ioctls_, as_);
  } else if ((lane.told.load() & kThaw) == 0) {  // a thaw told meanwhile: do not begin
    freeze_once(table_[lane.slot], lane.filesystem.get(), ioctls_);
  }
}

}  // namespace vss::freezer
