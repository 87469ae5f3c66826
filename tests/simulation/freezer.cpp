#include "simulation/freezer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "simulation/world.hpp"

namespace vss::simulation {

using base::Duration;
using base::milliseconds;
using base::seconds;

Freezer::Freezer(World& world)
    : Participant(world, Actor::kFreezer, 0, "freezer"),
      routine_(world.timeline(), world.kernel(), world.freezer_files(),
               {.who = Thawer::kFreezer,
                .claim = world.next_process(),
                .stopped = [this] { return stopped(); },
                .is_gone = [&world](std::uint64_t claim) { return world.is_gone(claim); },
                .time_for_thaw = [this] { return time_for_thaw(); },
                .closed_a_slot = [] {}}) {}

// --- connection ---

void Freezer::say_hello() {
  wire::Registration registration;
  registration.role = wire::Role::kFreezer;
  registration.name = "freezer";
  registration.freezer_status =
      wire::FreezerStatus{.clean = clean(),
                          .guardian_alive = world().guardian().alive(),
                          .last_thawed = world().freezer_files().thawed_page,
                          .transaction = {},
                          .reason = clean() ? "" : "it still thaws"};
  send(wire::make_frame(registration).bytes());
  if (!clean()) thaw_by_itself("found slots that are not closed");
}

void Freezer::lost_connection() {
  if (!clean()) thaw_by_itself("the driver is gone");
}

void Freezer::got_killed() {
  world().process_gone(routine_.claim());
  routine_.forget();
  routine_.be(world().next_process());
  freezing_.reset();
  last_question_.reset();
  world().guardian().freezer_gone();
}

void Freezer::guardian_changed() {
  run_after(Duration{0}, [this] {
    if (!world().guardian().alive() && !freezing_ && !clean()) thaw_by_itself("guardian lost");
    send_status();
  });
}

void Freezer::send_status() {
  const FreezerFiles& files = world().freezer_files();
  send(wire::make_frame(
           wire::FreezerStatus{.clean = clean(),
                               .guardian_alive = world().guardian().alive(),
                               .last_thawed = files.thawed_page,
                               .transaction = clean() ? base::TransactionId{} : transaction_,
                               .reason = clean() ? "" : "it still thaws"})
           .bytes());
}

// What is asked of it comes along with CHECK and PREPARE.
void Freezer::got_frame(const wire::FrameView& frame) {
  const auto operation = static_cast<wire::Operation>(frame.message.operation);
  if (operation != wire::Operation::kCheck && operation != wire::Operation::kPrepare) return;
  const auto request = wire::decode_filesystem_request(frame);
  VSS_ASSERT(request);
  selection_ = request->selection;
  paths_.clear();
  for (const wire::Path& path : request->paths)
    paths_.emplace_back(path.view());
}

// --- questions ---

void Freezer::got_event(const Question& question) {
  last_question_ = question;
  switch (question.operation) {
    case wire::Operation::kCheck: return check(question);
    case wire::Operation::kPrepare: return prepare(question);
    case wire::Operation::kFreeze: return freeze(question);
    case wire::Operation::kThaw:
    case wire::Operation::kAbort: return thaw(question);
    case wire::Operation::kNone: break;
  }
}

void Freezer::check(const Question& question) {
  run_after(random().between(milliseconds{1}, milliseconds{60}), [this, question] {
    plan_ = plan();
    plan_changed_ = false;
    const bool guarded = world().guardian().alive();
    answer(question, guarded, guarded ? "" : "no live guardian", plan_summary());
  });
}

void Freezer::prepare(const Question& question) {
  run_after(random().between(milliseconds{2}, milliseconds{700}), [this, question] {
    if (!clean() || !world().guardian().alive()) {
      answer(question, false, clean() ? "no live guardian" : "slots are still open", summary());
      return;
    }
    FreezerFiles& files = world().freezer_files();
    transaction_ = question.transaction;
    files.transaction = transaction_;
    files.slots.clear();
    plan_ = plan();
    plan_changed_ = false;
    world().note_plan(transaction_);
    world().guardian().arm(transaction_);
    answer(question, true, "", summary());
  });
}

void Freezer::freeze(const Question& question) {
  if (transaction_ != question.transaction || !world().guardian().armed()) {
    answer(question, false, "it was not prepared for this", summary());
    return;
  }
  freezing_ = Freezing{.question = question};
  if (const auto fails =
          world().fault_of_freezing(Fault::kFailsAtMount, question, !plan_.empty())) {
    // Where a thaw is to hang as well there has to be something to take back.
    freezing_->fails_at = plan_.size() - 1 - fails->salt % (plan_.size() > 1 ? 2 : 1);
  }
  if (const auto hangs = world().fault_of_freezing(Fault::kFreezeHangs, question, !plan_.empty())) {
    Random random(hangs->salt);
    freezing_->hangs_at = random.below(plan_.size());
    freezing_->hangs_for = random.between(seconds{1}, seconds{90});
  }
  world().guardian().set_deadline(transaction_, question.hold_deadline);
  run_at(question.hold_deadline, [this, transaction = question.transaction] {
    if (transaction_ == transaction && !clean()) thaw_by_itself("the hold deadline has come");
  });
  freeze_next();
}

void Freezer::freeze_next() {
  Freezing& freezing = *freezing_;
  if (freezing.given_up) return;
  if (!world().guardian().alive()) return end_freezing(false, "the guardian was lost");
  if (freezing.next == plan_.size()) {
    plan_changed_ = plan() != plan_;
    world().note_plan(transaction_);
    return end_freezing(!plan_changed_, plan_changed_ ? "the mount table changed" : "");
  }
  const unsigned number = plan_[freezing.next];
  if (freezing.next == freezing.fails_at) return frozen(number, EIO);
  const Duration takes = freezing.next == freezing.hangs_at
                             ? freezing.hangs_for
                             : random().between(milliseconds{1}, milliseconds{90});
  world().freezer_files().slots.push_back({.filesystem = number});
  world().kernel().freeze(number, FreezeOwner::kUs, transaction_, takes, [this, number](int error) {
    run_after(Duration{0}, [this, number, error] { frozen(number, error); });
  });
}

void Freezer::frozen(unsigned filesystem, int error) {
  for (Slot& slot : world().freezer_files().slots) {
    if (slot.filesystem != filesystem || slot.state != Slot::State::kIntent) continue;
    slot.state = error == 0 ? Slot::State::kFrozen : Slot::State::kClosed;
  }
  if (!freezing_ || freezing_->given_up) return;
  if (error != 0) {
    return end_freezing(false,
                        fmt::format("fs{}: {}", filesystem,
                                    error == EBUSY ? "frozen by someone else" : "I/O error"));
  }
  ++freezing_->next;
  freeze_next();
}

void Freezer::end_freezing(bool success, std::string reason) {
  const Question question = freezing_->question;
  freezing_->given_up = true;
  if (success) {
    freezing_.reset();
    answer(question, true, "", summary());
    return;
  }
  routine_.run([this, question, reason = std::move(reason)] {
    freezing_.reset();
    answer(question, false, reason, summary());
  });
}

void Freezer::thaw(const Question& question) {
  if (freezing_ && !freezing_->given_up) {
    freezing_->given_up = true;
    answer(freezing_->question, false, "it was told to thaw meanwhile", summary());
  }
  run_after(Duration{50'000}, [this, question] {
    routine_.run([this, question] {
      freezing_.reset();
      world().guardian().disarm();
      answer(question, true, "", summary());
      send_status();
    });
  });
}

void Freezer::thaw_by_itself(std::string_view why) {
  world().trace(name(), "thaws", "by itself: {}", why);
  thawed_by_itself_ = world().freezer_files().transaction;
  if (freezing_ && !freezing_->given_up) {
    freezing_->given_up = true;
    answer(freezing_->question, false, why, summary());
  }
  routine_.run([this] {
    freezing_.reset();
    world().guardian().disarm();
    send_status();
  });
}

// --- what it knows ---

bool Freezer::holds_a_claim() const {
  return std::ranges::any_of(world().freezer_files().slots, [&](const Slot& slot) {
    return slot.state == Slot::State::kIntent ||
           (slot.state == Slot::State::kThawing && slot.claim == routine_.claim());
  });
}

bool Freezer::clean() const {
  return world().freezer_files().all_closed() && !routine_.running();
}

bool Freezer::in_scope(unsigned filesystem) const {
  if (selection_ != wire::Selection::kPaths) return selection_ == wire::Selection::kAll;
  return std::ranges::find(paths_, fmt::format("/fs{}", filesystem)) != paths_.end();
}

std::vector<unsigned> Freezer::plan() const {
  std::vector<unsigned> numbers;
  for (const Filesystem& filesystem : world().kernel().filesystems()) {
    if (filesystem.mounted && filesystem.freezable && in_scope(filesystem.number)) {
      numbers.push_back(filesystem.number);
    }
  }
  return numbers;
}

wire::FilesystemSummary Freezer::plan_summary() const {
  wire::FilesystemSummary summary;
  summary.to_freeze = static_cast<std::uint32_t>(plan_.size());
  summary.plan_changed = plan_changed_ ? 1 : 0;
  for (const Filesystem& filesystem : world().kernel().filesystems()) {
    if (!filesystem.mounted) continue;
    if (!in_scope(filesystem.number)) {
      ++summary.excluded;
    } else if (!filesystem.freezable) {
      ++summary.synced;
      ++summary.lower_grade;
    }
  }
  return summary;
}

wire::FilesystemSummary Freezer::summary() const {
  wire::FilesystemSummary summary = plan_summary();
  const FreezerFiles& files = world().freezer_files();
  summary.frozen = files.count_frozen();
  for (const Slot& slot : files.slots) {
    if (slot.state == Slot::State::kIntent) ++summary.in_flight;
    if (slot.by_others) ++summary.thawed_by_others;
    if (slot.by_guardian) ++summary.thawed_by_guardian;
    if (slot.owner_unknown) ++summary.owner_unknown;
  }
  return summary;
}

Duration Freezer::time_for_thaw() {
  if (last_question_) {
    if (const auto hangs = world().fault_of_freezing(Fault::kThawHangs, *last_question_, true)) {
      Random random(hangs->salt);
      return random.between(seconds{1}, seconds{90});
    }
  }
  return random().between(Duration{100'000}, milliseconds{15});
}

}  // namespace vss::simulation
