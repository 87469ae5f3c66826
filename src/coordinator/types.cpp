#include "coordinator/types.hpp"

namespace vss::coordinator {

std::string_view to_text(Phase phase) {
  switch (phase) {
    case Phase::kIdle: return "idle";
    case Phase::kCheck: return "check";
    case Phase::kPrepare: return "prepare";
    case Phase::kFreezeWriters: return "freeze writers";
    case Phase::kSeal: return "seal";
    case Phase::kFreezeFilesystems: return "freeze filesystems";
    case Phase::kHeld: return "held";
    case Phase::kThawFilesystems: return "thaw filesystems";
    case Phase::kThawWriters: return "thaw writers";
    case Phase::kAbortFilesystems: return "abort filesystems";
    case Phase::kAbortWriters: return "abort writers";
  }
  return "unknown";
}

std::string_view to_text(Operation operation) {
  switch (operation) {
    case Operation::kCheck: return "CHECK";
    case Operation::kPrepare: return "PREPARE";
    case Operation::kFreeze: return "FREEZE";
    case Operation::kThaw: return "THAW";
    case Operation::kAbort: return "ABORT";
  }
  return "unknown";
}

std::string_view to_text(Grade grade) {
  switch (grade) {
    case Grade::kCrash: return "crash";
    case Grade::kFilesystem: return "filesystem";
    case Grade::kApplication: return "application";
  }
  return "unknown";
}

std::string_view to_text(RequesterKind kind) {
  switch (kind) {
    case RequesterKind::kHyperV: return "hyperv";
    case RequesterKind::kQemuAgent: return "qemu-agent";
    case RequesterKind::kLocal: return "local";
  }
  return "unknown";
}

}  // namespace vss::coordinator
