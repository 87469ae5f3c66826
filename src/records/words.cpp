#include "records/words.hpp"

namespace vss::records {

std::string_view to_text(coordinator::Selection selection) {
  using enum coordinator::Selection;
  switch (selection) {
    case kAll: return "all";
    case kNone: return "none";
    case kPaths: return "paths";
  }
  return "unknown";
}

std::string_view to_text(wire::MountAction action) {
  using enum wire::MountAction;
  switch (action) {
    case kFreeze: return "freeze";
    case kSync: return "sync";
    case kCovered: return "covered";
    case kSkip: return "skip";
    case kExclude: return "exclude";
    case kVeto: return "veto";
  }
  return "unknown";
}

std::string_view to_text(wire::MountResult result) {
  using enum wire::MountResult;
  switch (result) {
    case kPlanned: return "planned";
    case kOpened: return "opened";
    case kFreezing: return "freezing";
    case kFrozen: return "frozen";
    case kThawed: return "thawed";
    case kFailed: return "failed";
    case kThawedByOthers: return "thawed by others";
    case kThawedByGuardian: return "thawed by guardian";
    case kOwnerUnknown: return "owner unknown";
    case kStuck: return "stuck";
  }
  return "unknown";
}

}  // namespace vss::records
