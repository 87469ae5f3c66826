// The state machine that carries one transaction at a time.
//
// step(now, event) → actions, next deadline. No clock, descriptor, thread, log, or allocation after
// construction. All transitions stand in transitions.cpp as a table; lateness is judged here and
// nowhere else. The same object runs in the driver, in the simulator and under the fuzzer.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "coordinator/action_list.hpp"
#include "coordinator/events.hpp"
#include "coordinator/policy.hpp"

namespace vss::coordinator {

struct Row;  // transitions.hpp: one row of the table

// Numbers that must differ from every run before: the driver reads them from its records, note and
// /dev/urandom; the simulator from its seed.
struct FirstNumbers {
  TransactionId transaction;     // the first one given out
  std::uint64_t message_id = 1;  // random start, then counted up; skips 0
};

struct StepResult {
  const ActionList& actions;  // valid until the next step
  Instant next_deadline;      // call step(Tick) no later; never() when idle
};

struct ParticipantView {
  ParticipantId id;
  Name name;
  int level = 0;
  Criticality criticality{};
  bool plain = false;
  bool freezer = false;
  Duration timeout{0};
  bool busy = false;  // was told something and has not answered
};

class Coordinator {
 public:
  // `table` is the transition table; tests hand in altered ones. The default is the real one.
  Coordinator(const Policy& policy, FirstNumbers first);
  Coordinator(const Policy& policy, FirstNumbers first, std::span<const Row> table);
  Coordinator(Coordinator&&) noexcept;
  ~Coordinator();

  StepResult step(Instant now, const Event& event);

  // For status and records; no step is hidden in them.
  Phase phase() const;
  const Record& record() const;  // of the open transaction, or of the last that ended
  TransactionId open_transaction() const;
  const Reason& not_ready()
      const;  // why a new transaction would be refused now; empty: it would not
  // What a plain freezer froze for this may be frozen still, and nobody thaws it but its successor
  // or an administrator; none: nothing is known to be.
  TransactionId left_frozen() const;
  std::vector<ParticipantView> participants() const;  // allocates

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vss::coordinator
