#include "simulation/daemon.hpp"

#include <cerrno>

#include "simulation/world.hpp"

namespace vss::simulation {

using base::Duration;
using base::milliseconds;

PlainDaemon::PlainDaemon(World& world) : Participant(world, Actor::kDaemon, 0, "daemon") {
  set_plain();
}

// One thing after the other.
void PlainDaemon::begin(std::function<void()> work) {
  work_.push_back(std::move(work));
  if (work_.size() == 1) work_.front()();
}

void PlainDaemon::end() {
  work_.pop_front();
  if (!work_.empty()) work_.front()();
}

void PlainDaemon::got_event(const Question& question) {
  switch (question.operation) {
    case wire::Operation::kFreeze: return begin([this, question] { freeze(question); });
    case wire::Operation::kThaw: return begin([this, question] { thaw(question); });
    default: break;
  }
  begin([this, question] {
    run_after(random().between(milliseconds{1}, milliseconds{20}), [this, question] {
      answer(question, true, "");
      end();
    });
  });
}

// The interface names no filesystems: it freezes what it was started for, which is all.
void PlainDaemon::freeze(const Question& question) {
  if (frozen_ > 0) {
    answer(question, false, "something is frozen");
    return end();
  }
  world().note_plan(question.transaction);
  world().note_plan(question.transaction);
  filesystems_.clear();
  for (const Filesystem& filesystem : world().kernel().filesystems()) {
    if (filesystem.mounted && filesystem.freezable) filesystems_.push_back(filesystem.number);
  }
  freeze_next(question);
}

void PlainDaemon::freeze_next(const Question& question) {
  if (frozen_ == filesystems_.size()) {
    answer(question, true, "");
    return end();
  }
  const Duration takes = random().between(Duration{100'000}, milliseconds{20});
  in_ioctl_ = true;
  world().kernel().freeze(filesystems_[frozen_], FreezeOwner::kUs, question.transaction, takes,
                          [this, question](int error) {
                            in_ioctl_ = false;
                            if (error == 0) ++frozen_;
                            run_after(Duration{0}, [this, question, error] {
                              if (error == 0) return freeze_next(question);
                              thaw_next(question, frozen_, false);
                            });
                          });
}

// Told so without a freeze of its own: one before it may have been killed. EINVAL is no failure
// then, and one FITHAW too many wins over one too few.
void PlainDaemon::thaw(const Question& question) {
  if (frozen_ == 0) {
    filesystems_.clear();
    for (const Filesystem& filesystem : world().kernel().filesystems())
      filesystems_.push_back(filesystem.number);
  }
  thaw_next(question, filesystems_.size(), true);
}

// In the opposite order; what fails does not keep the rest from being thawed.
void PlainDaemon::thaw_next(const Question& question, std::size_t left, bool success) {
  if (left == 0) {
    frozen_ = 0;
    answer(question, success, "");
    return end();
  }
  const bool ours = left <= frozen_;
  const Duration takes = random().between(Duration{100'000}, milliseconds{15});
  in_ioctl_ = true;
  world().kernel().thaw(filesystems_[left - 1], FreezeOwner::kUs, takes,
                        [this, question, left, success, ours](int error) {
                          in_ioctl_ = false;
                          run_after(Duration{0}, [this, question, left, success, ours, error] {
                            const bool good = error == 0 || (!ours && error == EINVAL);
                            thaw_next(question, left - 1, success && good);
                          });
                        });
}

// The example's read fails then: it thaws what it has frozen, and ends. The answer goes nowhere.
void PlainDaemon::lost_connection() {
  begin([this] { thaw_next({}, frozen_, true); });
}

void PlainDaemon::got_killed() {
  work_.clear();
  frozen_ = 0;
}

}  // namespace vss::simulation
