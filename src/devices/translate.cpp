#include "devices/translate.hpp"

namespace vss::devices {

wire::Operation to_wire(coordinator::Operation operation) {
  switch (operation) {
    case coordinator::Operation::kCheck: return wire::Operation::kCheck;
    case coordinator::Operation::kPrepare: return wire::Operation::kPrepare;
    case coordinator::Operation::kFreeze: return wire::Operation::kFreeze;
    case coordinator::Operation::kThaw: return wire::Operation::kThaw;
    case coordinator::Operation::kAbort: return wire::Operation::kAbort;
  }
  return wire::Operation::kNone;
}

coordinator::Criticality from_wire(wire::Criticality criticality) {
  return criticality == wire::Criticality::kOptional ? coordinator::Criticality::kOptional
                                                     : coordinator::Criticality::kRequired;
}

coordinator::FreezerStanding from_wire(const wire::FreezerStatus& status) {
  return {.clean = status.clean,
          .guardian_alive = status.guardian_alive,
          .last_thawed = status.last_thawed,
          .reason = status.reason};
}

coordinator::FilesystemCounts from_wire(const wire::FilesystemSummary& summary) {
  return {.to_freeze = summary.to_freeze,
          .frozen = summary.frozen,
          .synced = summary.synced,
          .excluded = summary.excluded,
          .lower_grade = summary.lower_grade,
          .in_flight = summary.in_flight,
          .thawed_by_others = summary.thawed_by_others,
          .thawed_by_guardian = summary.thawed_by_guardian,
          .owner_unknown = summary.owner_unknown,
          .plan_changed = summary.plan_changed != 0};
}

}  // namespace vss::devices
