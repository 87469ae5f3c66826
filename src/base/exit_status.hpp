// Exit statuses: one table for all programs.
#pragma once

#include "base/result.hpp"

namespace vss::base {

enum ExitStatus : int {
  kExitYes = 0,              // done; consistent; found
  kExitNo = 1,               // failed; not consistent; not found
  kExitUsage = 2,            // command line or configuration is wrong
  kExitBackupWouldFail = 3,  // doctor: a backup would fail
  kExitPrerequisite = 77,    // root or a prerequisite is missing
  // `vssctl snapshot` only; otherwise it exits with COMMAND's own status.
  kExitTorn = 124,           // COMMAND was started but the copy may be torn
  kExitNotRun = 125,         // COMMAND was not run; the reason is on stderr
  kExitCannotExecute = 126,  // COMMAND was found but could not be executed
  kExitCommandNotFound = 127,
};

inline int exit_status_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kUsage: return kExitUsage;
    case ErrorKind::kPrerequisite: return kExitPrerequisite;
    case ErrorKind::kFailed: break;
  }
  return kExitNo;
}

}  // namespace vss::base
