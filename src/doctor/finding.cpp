#include "doctor/finding.hpp"

#include <algorithm>

#include "base/exit_status.hpp"

namespace vss::doctor {

std::string_view to_text(Severity severity) {
  switch (severity) {
    case Severity::kGood: return "good";
    case Severity::kNote: return "note";
    case Severity::kRisk: return "risk";
    case Severity::kFailure: return "failure";
  }
  return "unknown";
}

Severity Check::verdict() const {
  Severity worst = Severity::kGood;
  for (const Finding& finding : findings) {
    if (finding.severity != Severity::kNote) worst = std::max(worst, finding.severity);
  }
  return worst;
}

Severity Diagnosis::verdict() const {
  Severity worst = Severity::kGood;
  for (const Check& check : checks)
    worst = std::max(worst, check.verdict());
  return worst;
}

int exit_status_of(const Diagnosis& diagnosis) {
  switch (diagnosis.verdict()) {
    case Severity::kGood:
    case Severity::kNote: return base::kExitYes;
    case Severity::kRisk: return base::kExitNo;
    case Severity::kFailure: return base::kExitBackupWouldFail;
  }
  return base::kExitBackupWouldFail;
}

}  // namespace vss::doctor
