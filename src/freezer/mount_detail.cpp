#include "freezer/mount_detail.hpp"

#include <algorithm>

namespace vss::freezer {
namespace {

wire::MountAction action_of(plan::Action action) {
  switch (action) {
    case plan::Action::kFreeze: return wire::MountAction::kFreeze;
    case plan::Action::kSync: return wire::MountAction::kSync;
    case plan::Action::kCovered: return wire::MountAction::kCovered;
    case plan::Action::kSkip: return wire::MountAction::kSkip;
    case plan::Action::kExclude: return wire::MountAction::kExclude;
    case plan::Action::kVeto: break;
  }
  return wire::MountAction::kVeto;
}

wire::MountResult result_of(const SlotState& state) {
  switch (state.state) {
    case State::kEmpty: return wire::MountResult::kOpened;
    case State::kIntent: return wire::MountResult::kFreezing;
    case State::kFrozen:
    case State::kThawing:
    case State::kThawingUnknown: return wire::MountResult::kFrozen;
    case State::kClosed: break;
  }
  switch (state.outcome) {
    case Outcome::kNeverFrozen: return wire::MountResult::kOpened;
    case Outcome::kRefused: return wire::MountResult::kFailed;
    case Outcome::kFoundThawed: return wire::MountResult::kThawedByOthers;
    case Outcome::kOwnerUnknown: return wire::MountResult::kOwnerUnknown;
    case Outcome::kThawed: break;
  }
  return state.thawer == Thawer::kFreezer ? wire::MountResult::kThawed
                                          : wire::MountResult::kThawedByGuardian;
}

base::Duration between(std::int64_t began, std::int64_t ended) {
  return base::Duration{began != 0 && ended > began ? ended - began : 0};
}

void add_entry(std::string& text, const plan::PlanEntry& entry) {
  text.append("  ").append(plan::to_text(entry.action)).append("  ").append(entry.mount_point);
  text.append("  (").append(plan::to_text(entry.device).view()).append(", ").append(entry.type);
  text.append(")  ").append(entry.reason.view()).append("\n");
}

}  // namespace

wire::MountDetail detail_of(const plan::PlanEntry& entry, base::TransactionId transaction) {
  wire::MountDetail detail;
  detail.transaction = transaction;
  detail.device_major = entry.device.major;
  detail.device_minor = entry.device.minor;
  detail.mount_id = entry.mount_id;
  detail.layer = entry.layer;
  detail.action = action_of(entry.action);
  detail.mount_point = base::FixedText<1024>{entry.mount_point};
  detail.filesystem_type = base::FixedText<32>{entry.type};
  detail.source = base::FixedText<256>{entry.source};
  detail.reason = entry.reason;
  return detail;
}

wire::MountDetail detail_of(const plan::PlanEntry& entry, base::TransactionId transaction,
                            const Slot& slot) {
  wire::MountDetail detail = detail_of(entry, transaction);
  const SlotState state = slot.state();
  detail.result = result_of(state);
  detail.error = state.error != 0 ? state.error : slot.thaw_error.load();
  detail.began = {slot.freeze_began.load()};
  detail.freeze_time = between(slot.freeze_began, slot.freeze_ended);
  detail.thaw_time = between(slot.thaw_began, slot.thaw_ended);
  return detail;
}

wire::FilesystemSummary summary_of(const plan::Plan& plan) {
  wire::FilesystemSummary summary;
  summary.to_freeze = plan.summary.to_freeze;
  summary.synced = plan.summary.to_sync;
  summary.excluded = plan.summary.excluded;
  summary.lower_grade = plan.summary.lower_grade;
  return summary;
}

std::string plan_text(const plan::Plan& plan) {
  std::string text;
  for (std::size_t n = 0; n < plan.layer_count(); ++n) {
    text.append("layer ").append(std::to_string(n));
    text.append(n == 0 ? " (freezes first, thaws last)\n" : "\n");
    for (const plan::PlannedFilesystem& filesystem : plan.layer(n)) {
      add_entry(text, plan.entries[filesystem.entry]);
    }
  }
  if (plan.layer_count() == 0) text.append("nothing is frozen\n");
  const auto frozen = [](const plan::PlanEntry& entry) {
    return entry.action == plan::Action::kFreeze;
  };
  if (!std::ranges::all_of(plan.entries, frozen)) text.append("not frozen\n");
  for (const plan::PlanEntry& entry : plan.entries) {
    if (!frozen(entry)) add_entry(text, entry);
  }
  const plan::PlanSummary& counts = plan.summary;
  text.append("to freeze ").append(std::to_string(counts.to_freeze));
  text.append(", to sync ").append(std::to_string(counts.to_sync));
  text.append(", excluded ").append(std::to_string(counts.excluded));
  text.append(", vetoes ").append(std::to_string(counts.vetoes)).append("\n");
  return text;
}

}  // namespace vss::freezer
