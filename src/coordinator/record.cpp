#include "coordinator/record.hpp"

namespace vss::coordinator {

std::string_view to_text(Result result) {
  switch (result) {
    case Result::kConsistent: return "consistent";
    case Result::kCheckPassed: return "check passed";
    case Result::kRefused: return "refused";
    case Result::kTorn: return "torn";
    case Result::kAborted: return "aborted";
  }
  return "unknown";
}

std::string_view to_text(WriterFate fate) {
  switch (fate) {
    case WriterFate::kJoinedLater: return "joined later";
    case WriterFate::kAsked: return "asked";
    case WriterFate::kReady: return "ready";
    case WriterFate::kHeld: return "held";
    case WriterFate::kReleased: return "released";
    case WriterFate::kRefused: return "refused";
    case WriterFate::kTimedOut: return "timed out";
    case WriterFate::kLost: return "lost";
    case WriterFate::kDropped: return "dropped";
    case WriterFate::kExpectedAbsent: return "expected, absent";
  }
  return "unknown";
}

// The list of writers keeps its memory: only its length is taken back.
void Record::clear() {
  id = {};
  check_only = false;
  requester_kind = {};
  requester.clear();
  selection = {};
  require = {};
  grade = {};
  result = {};
  sentence.clear();
  began = answered = hold_began = hold_deadline = thaw_asked = ended = Instant{};
  released_without_freezer = automatic_thaw = false;
  filesystems = {};
  freezer_plain = false;
  phases.clear();
  writers.clear();
  late_answers = 0;
}

}  // namespace vss::coordinator
