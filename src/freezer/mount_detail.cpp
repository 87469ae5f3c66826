#include "freezer/mount_detail.hpp"

#include <vector>

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

std::string plan_text(const plan::Plan& plan, text::Strokes strokes, text::Folding folding) {
  std::vector<text::MountLine> lines;
  for (const plan::PlanEntry& entry : plan.entries) {
    const bool quiet =
        entry.action == plan::Action::kSkip || entry.action == plan::Action::kCovered;
    lines.push_back({entry.mount_point, entry.layer, plan::to_text(entry.action), entry.type,
                     std::string(plan::to_text(entry.device).view()), entry.reason, quiet});
  }
  const plan::PlanSummary& counts = plan.summary;
  return text::mount_tree(lines, strokes, folding)
      .append(std::to_string(counts.to_freeze))
      .append(" to freeze, ")
      .append(std::to_string(counts.to_sync))
      .append(" synced, ")
      .append(std::to_string(counts.excluded))
      .append(" excluded, ")
      .append(std::to_string(counts.vetoes))
      .append(" vetoed\n");
}

}  // namespace vss::freezer
