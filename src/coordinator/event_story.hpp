// For tests: tells the coordinator a story, event by event, and remembers what it did.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/coordinator.hpp"
#include "coordinator/transitions.hpp"

namespace vss::coordinator {

inline constexpr RequesterId kHost{1};
inline constexpr RequesterId kOther{2};
inline constexpr TransactionId kFirstTransaction{(1000ULL << base::kTransactionCounterBits) | 1};

// What a freezer says that froze everything it planned.
inline FilesystemCounts counts_of(std::uint32_t planned, std::uint32_t frozen = 0) {
  FilesystemCounts counts;
  counts.to_freeze = planned;
  counts.frozen = frozen;
  return counts;
}

class EventStory {
 public:
  struct WriterOptions {
    int level = base::kLevelDefault;
    Criticality criticality = Criticality::kRequired;
    Duration timeout{0};
    bool plain = false;
  };

  explicit EventStory(const Policy& policy = default_policy(),
                      std::span<const Row> table = transition_table())
      : coordinator(policy, {.transaction = kFirstTransaction, .message_id = 1}, table) {}

  // --- happenings ---

  const std::vector<Action>& happens(const Event& event) {
    const StepResult result = coordinator.step(now, event);
    next_deadline = result.next_deadline;
    last.assign(result.actions.begin(), result.actions.end());
    for (const Action& action : last)
      note(action);
    all.insert(all.end(), last.begin(), last.end());
    return last;
  }
  // Lets time pass, stopping at every deadline on the way.
  void pass(Duration duration) {
    const Instant end = now + duration;
    while (next_deadline <= end) {
      now = later_of(now, next_deadline);
      happens(Tick{});
    }
    now = end;
    happens(Tick{});
  }
  // Lets time pass without anybody being called: what comes next finds it all at once.
  void stall(Duration duration) { now = now + duration; }

  ParticipantId writer(const char* name, const WriterOptions& options) {
    WriterJoined joined;
    joined.connection = ++connections_;
    joined.plain = options.plain;
    joined.name = name;
    joined.level = options.level;
    joined.criticality = options.criticality;
    joined.timeout = options.timeout;
    return join(joined);
  }
  ParticipantId writer(const char* name) { return writer(name, WriterOptions{}); }
  ParticipantId writer_at(const char* name, int level) {
    return writer(name, WriterOptions{.level = level});
  }
  ParticipantId optional_writer(const char* name, int level = base::kLevelDefault) {
    return writer(name, WriterOptions{.level = level, .criticality = Criticality::kOptional});
  }
  ParticipantId plain_writer(const char* name) {
    return writer(name, WriterOptions{.plain = true});
  }
  static FreezerStanding clean() {
    return {.clean = true, .guardian_alive = true, .last_thawed = {}, .reason = {}};
  }
  ParticipantId freezer(const FreezerStanding& standing = clean()) {
    return join(FreezerJoined{.connection = ++connections_, .plain = false, .standing = standing});
  }
  ParticipantId plain_freezer() {
    return join(FreezerJoined{.connection = ++connections_, .plain = true, .standing = {}});
  }
  void leaves(ParticipantId id) { happens(ParticipantLeft{id, "closed"}); }

  void check(const SnapshotOptions& options = {}, RequesterKind kind = RequesterKind::kHyperV) {
    happens(CheckRequested{kHost, kind, "host", ++tags_, options});
  }
  void freeze(const SnapshotOptions& options = {}, RequesterKind kind = RequesterKind::kHyperV) {
    happens(FreezeRequested{kHost, kind, "host", ++tags_, options});
  }
  void thaw(RequesterId requester = kHost, const char* name = "host") {
    happens(ThawRequested{requester, name, ++tags_, {}});
  }
  void release(TransactionId id, RequesterId requester = kOther) {
    happens(ThawRequested{requester, "vssctl", ++tags_, id});
  }
  void abort(RequesterId requester = kOther) {
    happens(AbortRequested{requester, "vssctl", ++tags_});
  }
  void abort_as_thawed(RequesterId requester = kOther) {
    happens(AbortRequested{requester, "vssctl", ++tags_, true});
  }
  void gone(RequesterId requester = kHost) { happens(RequesterGone{requester, "closed"}); }

  // The participant answers what it was told last.
  void yes(ParticipantId id) { answer(id, true, {}, {}); }
  void no(ParticipantId id, const char* reason = "not now") { answer(id, false, reason, {}); }
  void yes(ParticipantId id, const FilesystemCounts& counts) { answer(id, true, {}, counts); }
  void no(ParticipantId id, const FilesystemCounts& counts) { answer(id, false, "no", counts); }
  void answer(ParticipantId id, bool success, const Reason& reason,
              const FilesystemCounts& counts) {
    const Tell tell = told.at(id);
    std::erase(unanswered, id);
    happens(Answered{.id = id,
                     .message_id = tell.message_id,
                     .operation_raw = operation_raw(tell.operation),
                     .success = success,
                     .reason = reason,
                     .filesystems = counts});
  }

  // Everybody who is asked says yes, the freezer with these counts, until nobody is asked any more
  // or `stop` is reached.
  void all_say_yes(std::uint32_t filesystems = 2, std::optional<Phase> stop = {}) {
    while (!unanswered.empty() && coordinator.phase() != stop) {
      const ParticipantId id = unanswered.front();
      const bool frozen = told.at(id).operation == Operation::kFreeze;
      yes(id, counts_of(filesystems, frozen ? filesystems : 0));
    }
  }

  // --- what was seen ---

  Phase phase() const { return coordinator.phase(); }
  const Record& record() const { return coordinator.record(); }
  std::string sentence() const { return std::string{record().sentence.view()}; }

  // What this participant is asked now; nothing when it has answered or the question was withdrawn.
  std::optional<Operation> asked(ParticipantId id) const {
    if (std::ranges::find(unanswered, id) == unanswered.end()) return std::nullopt;
    return told.at(id).operation;
  }
  // The operations it was told, in order.
  std::vector<Operation> story_of(ParticipantId id) const {
    std::vector<Operation> operations;
    for (const Tell& tell : all_of<Tell>()) {
      if (tell.id == id) operations.push_back(tell.operation);
    }
    return operations;
  }
  template <typename Kind>
  std::vector<Kind> all_of() const {
    return select<Kind>(all);
  }
  template <typename Kind>
  std::vector<Kind> last_of() const {
    return select<Kind>(last);
  }
  // The answer to the request that was made as the nth (from 1); none yet: nothing.
  std::optional<Answer> answer_to(std::uint32_t tag) const {
    for (const Answer& answer : all_of<Answer>()) {
      if (answer.tag == tag) return answer;
    }
    return std::nullopt;
  }
  std::uint32_t last_tag() const { return tags_; }
  const WriterEntry* entry(std::string_view name) const {
    for (const WriterEntry& writer : record().writers) {
      if (writer.name.view() == name) return &writer;
    }
    return nullptr;
  }

  Coordinator coordinator;
  Instant now{1'000'000'000'000};
  Instant next_deadline = Instant::never();
  std::vector<Action> last, all;
  std::map<ParticipantId, Tell> told;
  std::vector<ParticipantId> unanswered;

 private:
  ParticipantId join(const Event& event) {
    happens(event);
    const auto accepted = last_of<AcceptParticipant>();
    return accepted.empty() ? ParticipantId{} : accepted.front().id;
  }
  template <typename Kind>
  static std::vector<Kind> select(const std::vector<Action>& actions) {
    std::vector<Kind> found;
    for (const Action& action : actions) {
      if (const auto* one = std::get_if<Kind>(&action)) found.push_back(*one);
    }
    return found;
  }
  void note(const Action& action) {
    if (const auto* tell = std::get_if<Tell>(&action)) {
      std::erase(unanswered, tell->id);
      unanswered.push_back(tell->id);
      told[tell->id] = *tell;
    } else if (const auto* withdrawn = std::get_if<Withdraw>(&action)) {
      if (told[withdrawn->id].message_id == withdrawn->message_id) {
        std::erase(unanswered, withdrawn->id);
      }
    }
  }

  std::uint64_t connections_ = 0;
  std::uint32_t tags_ = 0;
};

}  // namespace vss::coordinator
