// The glue: one step, and how the table moves the phase.
#include "coordinator/coordinator.hpp"

#include <algorithm>

#include "coordinator/sentences.hpp"
#include "coordinator/state.hpp"

namespace vss::coordinator {
namespace {

// The longest way through the table within one step is 10 rows (a `none` request without writers);
// an altered table must not spin.
constexpr int kTransitionsPerStep = 32;

// Answers to all who wait, and what is said once: notices, note, window, record.
constexpr std::size_t kWideActionsPerStep = WaitingRequests::kLimit + 32;

// In one step a participant may be told, that withdrawn, and told the opposite: time asks its level
// just before a request gives everything up.
std::size_t actions_limit(std::size_t writers_max) {
  return 3 * (writers_max + 1) + kWideActionsPerStep;
}

std::size_t record_limit(const Policy& policy) {
  const auto expected = std::ranges::count_if(policy.writers, &WriterRule::expected);
  return policy.writers_max + static_cast<std::size_t>(expected);
}

}  // namespace

Coordinator::State::State(const Policy& policy_in, FirstNumbers first,
                          std::span<const Row> table_in)
    : policy(policy_in),
      table(table_in),
      rule_seen(policy_in.writers.size()),
      numbers(first),
      record(record_limit(policy_in)),
      registry(policy_in.writers_max),
      actions(actions_limit(policy_in.writers_max), kWideActionsPerStep) {
  order.reserve(policy.writers_max);
  for (std::uint32_t i = 0; i < policy.writers.size(); ++i)
    rules_by_name.push_back(i);
  std::ranges::stable_sort(rules_by_name, {},
                           [this](std::uint32_t rule) { return policy.writers[rule].name.view(); });
}

StepResult Coordinator::State::step(Instant at, const Event& event) {
  actions.clear();
  ended_in_this_step = false;
  now = later_of(now, at);
  // What is overdue is over before what arrives now is looked at: lateness is judged here.
  pass_time();
  std::visit([this](const auto& what) { on(what); }, event);
  return {.actions = actions, .next_deadline = next_deadline()};
}

void Coordinator::State::fire(Trigger trigger) {
  for (int transitions = 0; transitions < kTransitionsPerStep; ++transitions) {
    follow.reset();
    const auto row = std::ranges::find_if(table, [&](const Row& candidate) {
      return candidate.phase == phase && candidate.trigger == trigger &&
             holds(candidate.guard) != candidate.negated;
    });
    if (row != table.end()) {
      enter(row->next);
      perform(row->effect);
    }
    if (follow) {
      trigger = *follow;
    } else if (level.open && level.waiting == 0) {
      level.open = false;
      trigger = Trigger::kLevelDone;
    } else {
      return;
    }
  }
}

bool Coordinator::State::holds(Guard guard) {
  switch (guard) {
    case Guard::kAlways: return true;
    case Guard::kLevelsLeft: return find_next_member();
    case Guard::kReady:
      blame(why_none_starts(transaction.options.selection != Selection::kNone));
      return transaction.cause.empty();
    case Guard::kEnough:
      judged = holding(phase != Phase::kFreezeFilesystems);
      judgement = judge(judged, transaction.require);
      return judgement.enough();
  }
  return false;
}

void Coordinator::State::enter(Phase next) {
  if (next == phase) return;
  if (!record.phases.empty() && is_open()) {
    PhaseEntry& left = record.phases[record.phases.size() - 1];
    left.length = now - left.began;
  }
  phase = next;
  level.open = false;
  if (is_open()) record.phases.push_back({.phase = next, .began = now, .length = Duration{0}});
}

void Coordinator::State::perform(Effect effect) {
  switch (effect) {
    case Effect::kStartCheck: return start_check();
    case Effect::kPassCheck: return finish(Result::kCheckPassed);
    case Effect::kStartPrepare: return start_prepare();
    case Effect::kStartFreeze: return start_freeze();
    case Effect::kAskLevel: return ask_level();
    case Effect::kAskFreezer: return ask_freezer();
    case Effect::kWriteSeal: follow = Trigger::kSealed; return;
    case Effect::kAnswerHeld: return answer_held();
    case Effect::kMarkTorn: transaction.torn = true; return;
    case Effect::kStartThaw: return start_thaw();
    case Effect::kExpireHold: return expire_hold();
    case Effect::kBreakHold: return break_hold();
    case Effect::kStartAbort: return start_abort();
    case Effect::kReleaseWriters: return release_writers();
    case Effect::kReleaseUnconfirmed: return release_unconfirmed();
    case Effect::kFinish: return finish(result_of_end());
  }
}

Reason Coordinator::State::why_none_starts(bool filesystems) const {
  // What is frozen cannot wait for a configuration to be corrected.
  if (debt.abandoned || policy.standing_veto.empty()) return why_not_ready(filesystems);
  return policy.standing_veto;
}

// Whether all that was frozen runs again, and whether what is needed for the next is here.
Reason Coordinator::State::why_not_ready(bool filesystems) const {
  const Participant& freezer = registry.freezer_place();
  const bool connected = freezer.used();
  if (debt.abandoned) return sentences::left_frozen(debt.id);
  if (debt.id.valid()) {
    return sentences::freezer_unclean(debt.id, connected, connected ? standing.reason : Reason{});
  }
  if (connected && !freezer.plain && !standing.clean) {
    return sentences::freezer_unclean({}, true, standing.reason);
  }
  if (!filesystems) return {};
  if (!connected) return sentences::no_freezer();
  if (!freezer.plain && !standing.guardian_alive) return sentences::no_guardian();
  return {};
}

std::vector<ParticipantView> Coordinator::State::view_participants() const {
  std::vector<ParticipantView> views;
  views.reserve(registry.writers() + 1);
  const auto show = [&views](const Participant& participant) {
    if (!participant.used()) return;
    views.push_back({.id = participant.id,
                     .name = participant.name,
                     .level = participant.level,
                     .criticality = participant.criticality,
                     .plain = participant.plain,
                     .freezer = participant.freezer,
                     .timeout = participant.timeout,
                     .busy = participant.message_id != 0});
  };
  for (const Participant& writer : registry.writer_places())
    show(writer);
  show(registry.freezer_place());
  return views;
}

Coordinator::Coordinator(const Policy& policy, FirstNumbers first)
    : Coordinator(policy, first, transition_table()) {}
Coordinator::Coordinator(const Policy& policy, FirstNumbers first, std::span<const Row> table)
    : state_(std::make_unique<State>(policy, first, table)) {}
Coordinator::Coordinator(Coordinator&&) noexcept = default;
Coordinator::~Coordinator() = default;

StepResult Coordinator::step(Instant now, const Event& event) {
  return state_->step(now, event);
}
Phase Coordinator::phase() const {
  return state_->phase;
}
const Record& Coordinator::record() const {
  return state_->record;
}

TransactionId Coordinator::open_transaction() const {
  return state_->is_open() ? state_->transaction.id : TransactionId{};
}

TransactionId Coordinator::left_frozen() const {
  return state_->debt.abandoned ? state_->debt.id : TransactionId{};
}

const Reason& Coordinator::not_ready() const {
  State& state = *state_;
  const bool busy = state.is_open() && !state.debt.abandoned;
  state.not_ready_reason =
      busy ? sentences::busy(state.transaction.requester_name, state.transaction.id, state.phase)
           : state.why_none_starts(true);
  return state.not_ready_reason;
}

std::vector<ParticipantView> Coordinator::participants() const {
  return state_->view_participants();
}

}  // namespace vss::coordinator
