// What a transaction says about itself: details, counts, sentences.
#include "freezer/transaction.hpp"

#include <cstring>
#include <utility>

#include "freezer/mount_detail.hpp"
#include "platform/clock.hpp"

namespace vss::freezer {
namespace {

using base::Instant;
using wire::Reason;

constexpr base::seconds kStuckAfter{1};  // an ioctl that takes longer is named

}  // namespace

void Transaction::tell_slots(Instant now) {
  for (std::size_t i = 0; i < told_.size(); ++i) {
    const Slot& slot = parts_.slots[i];
    const SlotState state = slot.state();
    Told& told = told_[i];
    const auto tell = [&](bool& once, wire::MountResult result) {
      if (std::exchange(once, true)) return;
      wire::MountDetail detail = detail_of(entry_of(i), id_, slot);
      if (result == wire::MountResult::kStuck) detail.result = result;
      parts_.listener.detail(detail);
    };
    // The times are stored after the state: not before both are there.
    if (state.state == State::kFrozen && slot.freeze_ended != 0) {
      tell(told.frozen, wire::MountResult::kFrozen);
    }
    if (!state.open() && state.outcome != Outcome::kNeverFrozen && lanes_->parked(i)) {
      tell(told.closed, wire::MountResult::kThawed);
    }
    const Instant began{state.state == State::kIntent ? slot.freeze_began.load()
                                                      : slot.thaw_began.load()};
    if (state.in_flight() && now - began >= kStuckAfter) {
      tell(told.stuck, wire::MountResult::kStuck);
    }
  }
}

wire::FilesystemSummary Transaction::summary() const {
  wire::FilesystemSummary counts;
  if (planning_) counts = summary_of(planning_->plan);
  counts.plan_changed = plan_changed_ ? 1 : 0;
  if (!slots_are_ours_) return counts;
  for (const Slot& slot : parts_.slots.used()) {
    const SlotState state = slot.state();
    if (state.in_flight()) ++counts.in_flight;
    if (state.state != State::kClosed) {
      if (state.state != State::kEmpty && state.state != State::kIntent) ++counts.frozen;
      continue;
    }
    if (state.outcome == Outcome::kFoundThawed) ++counts.thawed_by_others;
    if (state.outcome == Outcome::kOwnerUnknown) ++counts.owner_unknown;
    if (state.outcome == Outcome::kThawed && state.thawer != Thawer::kFreezer) {
      ++counts.thawed_by_guardian;
    }
  }
  return counts;
}

const plan::PlanEntry& Transaction::entry_of(std::size_t slot) const {
  return planning_->plan.entries[planning_->plan.to_freeze[slot].entry];
}

// By its place among those that were opened.
const plan::PlanEntry& Transaction::opened_entry(std::size_t i) const {
  const plan::Plan& plan = planning_->plan;
  const bool freezes = i < plan.to_freeze.size();
  const auto& filesystem = freezes ? plan.to_freeze[i] : plan.to_sync[i - plan.to_freeze.size()];
  return plan.entries[filesystem.entry];
}

Reason Transaction::sentence_about(std::size_t slot, std::string_view what, int error) const {
  const plan::PlanEntry& entry = entry_of(slot);
  Reason reason(entry.mount_point);
  reason.append(" (").append(entry.type).append(" ").append(plan::to_text(entry.device).view());
  reason.append(") ").append(what);
  if (error != 0) reason.append(": ").append(::strerrordesc_np(error));
  return reason;
}

// Names the first filesystem that was not thawed by us alone; empty: all were.
Reason Transaction::who_else_thawed() const {
  for (std::size_t i = 0; slots_are_ours_ && i < parts_.slots.count(); ++i) {
    const SlotState state = parts_.slots[i].state();
    if (state.outcome == Outcome::kFoundThawed) {
      return sentence_about(i, "was found thawed");
    }
    if (state.outcome == Outcome::kOwnerUnknown) {
      return sentence_about(i,
                            "was thawed after its thawer had died; whose freeze it was is unknown");
    }
    if (state.outcome == Outcome::kThawed && state.thawer != Thawer::kFreezer) {
      return sentence_about(i, "was thawed by the guardian");
    }
  }
  return {};
}

// Names the first filesystem that keeps everybody waiting.
Reason Transaction::not_answering() const {
  if (phase_ == Phase::kClearing) return leftovers_.reason();
  if ((helper_ || pre_sync_) && planning_) return not_opening_or_flushing();
  for (std::size_t i = 0; i < told_.size(); ++i) {
    const SlotState state = parts_.slots[i].state();
    if (state.state == State::kIntent) {
      return sentence_about(
          i, Reason("does not answer: its freeze is in flight on ").append(entry_of(i).source));
    }
    if (state.in_flight() && parts_.slots[i].thaw_error != 0) {
      return sentence_about(i, "cannot be thawed, trying on", parts_.slots[i].thaw_error);
    }
    if (state.in_flight()) {
      return sentence_about(
          i, Reason("does not answer: its thaw is in flight on ").append(entry_of(i).source));
    }
  }
  if (!spoiled_.empty()) return spoiled_;
  return phase_ == Phase::kThawing ? Reason("the thaw is under way")
                                   : Reason("the filesystems did not freeze in time");
}

Reason Transaction::not_opening_or_flushing() const {
  const plan::PlanEntry* const entry = helped_entry();
  if (entry == nullptr) return "the helper does not end";
  Reason reason(entry->mount_point);
  reason.append(" (").append(entry->source).append(") does not answer to ");
  if (helper_) return reason.append("open; repair it, or leave it out with `exclude`");
  return reason.append("sync in time; repair it, flush it before, or `exclude` it");
}

// For the next transaction, of what this one leaves behind.
Reason Transaction::still_helping() const {
  const plan::PlanEntry* const entry = helped_entry();
  if (entry == nullptr) return "the helper of an earlier transaction does not end";
  Reason reason(entry->mount_point);
  reason.append(" (").append(entry->source).append(") is still being ");
  return reason.append(helper_ ? "opened" : "flushed").append(" for an earlier one; try again");
}

// None: nothing is left to do, but the helper is still there.
const plan::PlanEntry* Transaction::helped_entry() const {
  const plan::Plan& plan = planning_->plan;
  const std::size_t at = helper_ ? helper_->working_on() : pre_sync_->waits_for();
  return at < plan.to_freeze.size() + plan.to_sync.size() ? &opened_entry(at) : nullptr;
}

// Of a freezer before us, and neither we nor the guardian could thaw it yet.
Reason Transaction::left_open() const {
  Reason reason("an earlier vss-freezer left open: ");
  for (const Slot& slot : parts_.slots.used()) {
    if (!slot.open()) continue;
    reason.append(slot.mount_point.view()).append(" on ").append(slot.source.view());
    reason.append("; see `vss-freezer --thaw`");
    break;
  }
  return reason;
}

wire::FreezerStatus Transaction::status() const {
  wire::FreezerStatus status;
  status.guardian_alive = parts_.guardian.ready();
  status.last_thawed = parts_.page.last();
  status.clean = idle() && parts_.slots.all_closed();
  if (status.clean) return status;
  if (!idle()) status.transaction = id_;
  switch (phase_) {
    case Phase::kThawing: status.reason = not_answering(); break;
    case Phase::kDisarming: status.reason = "the guardian has not disarmed yet"; break;
    case Phase::kIdle: status.reason = left_open(); break;
    default: status.reason = Reason("transaction ").append(base::to_text(id_)).append(" is open");
  }
  return status;
}

}  // namespace vss::freezer
