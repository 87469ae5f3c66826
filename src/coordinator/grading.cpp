#include "coordinator/grading.hpp"

namespace vss::coordinator {

Grade grade_of(const Holding& holding) {
  const bool writers =
      holding.writers_held > 0 && holding.every_required_held && holding.every_expected_held;
  if (!holding.filesystems_in_scope) return writers ? Grade::kApplication : Grade::kCrash;
  if (holding.counts_known && holding.counts.lower_grade > 0) return Grade::kCrash;
  return writers ? Grade::kApplication : Grade::kFilesystem;
}

namespace {

Shortfall shortfall_of(const Holding& holding) {
  if (!holding.every_required_held) return Shortfall::kRequiredMissing;
  const bool counted = holding.filesystems_in_scope && holding.counts_known;
  const FilesystemCounts& counts = holding.counts;
  const bool no_filesystem = !holding.filesystems_in_scope || (counted && counts.to_freeze == 0);
  if (no_filesystem && holding.writers_held == 0) return Shortfall::kNothingHeld;
  if (!counted) return Shortfall::kNone;
  if (counts.thawed_by_others > 0 || counts.thawed_by_guardian > 0) {
    return Shortfall::kThawedByOthers;
  }
  if (counts.frozen != counts.to_freeze || counts.in_flight > 0) return Shortfall::kNotAllFrozen;
  if (counts.plan_changed) return Shortfall::kPlanChanged;
  return Shortfall::kNone;
}

}  // namespace

Judgement judge(const Holding& holding, Grade require) {
  Judgement judgement{.grade = grade_of(holding), .shortfall = shortfall_of(holding)};
  if (judgement.enough() && judgement.grade < require) {
    judgement.shortfall = Shortfall::kGradeTooLow;
  }
  return judgement;
}

}  // namespace vss::coordinator
