// For tests and benchmarks: everybody answers everything; the actions of one step are the answers
// of the next round. Takes no memory once it is made.
#pragma once

#include <vector>

#include "coordinator/coordinator.hpp"

namespace vss::coordinator {

class Obedient {
 public:
  struct Settings {
    std::size_t writers = 0;
    int levels = 1;
    // One in seven optional writers refuses; every third transaction runs into its deadline.
    bool troubles = true;
  };

  explicit Obedient(const Settings& settings)
      : troubles_(settings.troubles), coordinator_(policy_for(settings.writers), {{1000}, 1}) {
    const std::size_t writers = settings.writers;
    questions_.reserve(2 * writers + 16);
    answers_.reserve(2 * writers + 16);
    for (std::size_t i = 0; i < writers; ++i) {
      WriterJoined joined;
      joined.name = "writer";
      joined.level = static_cast<int>(i) % settings.levels;
      joined.criticality = i % 2 == 0 ? Criticality::kRequired : Criticality::kOptional;
      coordinator_.step(now_, joined);
    }
    FreezerJoined freezer;
    freezer.standing.clean = freezer.standing.guardian_alive = true;
    coordinator_.step(now_, freezer);
  }

  // The whole of one: FREEZE, a hold, THAW.
  void transaction(std::uint32_t number) {
    FreezeRequested freeze{{1}, RequesterKind::kHyperV, "host", number, {}};
    step(freeze);
    settle();
    if (troubles_ && number % 3 == 0) {
      now_ = now_ + base::seconds{60};
      step(Tick{});
    } else {
      step(ThawRequested{{1}, "host", number, {}});
    }
    settle();
    if (coordinator_.phase() == Phase::kIdle) ++finished_;
  }
  std::uint32_t finished() const { return finished_; }
  std::uint64_t events() const { return events_; }  // all that the coordinator was told

 private:
  static Policy policy_for(std::size_t writers) {
    Policy policy = default_policy();
    policy.writers_max = writers;
    return policy;
  }
  void step(const Event& event) {
    ++events_;
    for (const Action& action : coordinator_.step(now_, event).actions) {
      if (const auto* tell = std::get_if<Tell>(&action)) questions_.push_back(*tell);
    }
  }
  void settle() {
    while (!questions_.empty()) {
      answers_.swap(questions_);
      questions_.clear();
      for (const Tell& tell : answers_) {
        Answered answered;
        answered.id = tell.id;
        answered.message_id = tell.message_id;
        answered.operation_raw = operation_raw(tell.operation);
        answered.success = !troubles_ || tell.id.index % 14 != 1;
        answered.filesystems.to_freeze = 2;
        answered.filesystems.frozen = tell.operation == Operation::kFreeze ? 2 : 0;
        step(answered);
      }
    }
  }

  const bool troubles_;
  Coordinator coordinator_;
  Instant now_{1'000'000'000};
  std::vector<Tell> questions_, answers_;
  std::uint32_t finished_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace vss::coordinator
