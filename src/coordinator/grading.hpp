// How good the copy is, and whether that is enough: promise 1 as a function.
#pragma once

#include <cstddef>

#include "coordinator/events.hpp"
#include "coordinator/types.hpp"

namespace vss::coordinator {

// What holds at the moment of the question. For CHECK and at the end of PREPARE: what would hold.
struct Holding {
  std::size_t writers_held = 0;
  bool every_required_held = true;  // nothing may be missing
  bool every_expected_held =
      true;  // an optional one that is expected may fail, but not for `application`
  bool filesystems_in_scope = true;  // false: the request selected none
  bool counts_known = true;          // false: a plain freezer, whose word is taken
  FilesystemCounts counts;
};

enum class Shortfall : std::uint8_t {
  kNone,
  kRequiredMissing,  // a required writer does not hold
  kNothingHeld,      // an empty plan and no writer
  kNotAllFrozen,     // fewer frozen than planned, or one still in flight
  kPlanChanged,      // planning again gave another set
  kThawedByOthers,   // one of ours is no longer frozen
  kGradeTooLow,
};

struct Judgement {
  Grade grade = Grade::kCrash;
  Shortfall shortfall = Shortfall::kNone;
  bool enough() const { return shortfall == Shortfall::kNone; }
};

// The grade of what holds:
//   filesystems in scope: `crash` when one was not frozen (lower_grade), else `filesystem`;
//     `application` when besides every expected and required writer holds, at least one.
//   none selected: no filesystem is in scope, so nothing of the middle grade exists: `application`
//     when every expected and required writer holds, at least one; else `crash`.
Grade grade_of(const Holding& holding);

// Whether FREEZE may be answered with success, and if not, the first reason why not.
Judgement judge(const Holding& holding, Grade require);

}  // namespace vss::coordinator
