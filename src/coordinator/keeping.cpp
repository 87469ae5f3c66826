// Opening a transaction: its number, its members, its record, and what would hold.
#include <algorithm>

#include "base/assert.hpp"
#include "coordinator/sentences.hpp"
#include "coordinator/state.hpp"

namespace vss::coordinator {

void Coordinator::State::act(const Action& action) {
  const bool fits = actions.push_back(action);
  VSS_ASSERT(fits);
}

// Only the first thing that went wrong is worth a sentence; the rest follows from it.
void Coordinator::State::blame(const Reason& why) {
  if (transaction.cause.empty()) transaction.cause = why;
}

bool Coordinator::State::going_down() const {
  switch (phase) {
    case Phase::kCheck:
    case Phase::kPrepare:
    case Phase::kFreezeWriters:
    case Phase::kSeal:
    case Phase::kFreezeFilesystems: return true;
    default: return false;
  }
}

WriterEntry* Coordinator::State::entry_of(const Participant& writer) {
  if (writer.part.entry >= record.writers.size()) return nullptr;
  return &record.writers[writer.part.entry];
}

// On the way up. What went wrong with a writer before says more than how it was released.
void Coordinator::State::settle(const Participant& writer, WriterFate fate, const Reason& why) {
  WriterEntry* entry = entry_of(writer);
  if (entry == nullptr) return;
  if (writer.part.released) entry->thaw = now - writer.asked_at;
  if (entry->fate >= WriterFate::kReleased) return;
  entry->fate = fate;
  entry->reason = why;
}

// `transaction` holds the request already.
void Coordinator::State::begin_transaction(bool check_only) {
  transaction.id = numbers.transaction;
  ++numbers.transaction.value;
  transaction.check_only = check_only;
  transaction.opener_waits = true;
  const RequesterPolicy& of_kind = policy.of(transaction.kind);
  const SnapshotOptions& options = transaction.options;
  transaction.require = options.require_given ? options.require : of_kind.require;
  Budgets& budgets = transaction.budgets;
  budgets = of_kind.budgets;
  if (options.hold_budget > Duration{0}) budgets.hold = options.hold_budget;
  // Also of a short hold, half is left for the copy.
  budgets.freeze = std::min(budgets.freeze, budgets.hold / 2);
  judgement = {};

  Participant* freezer = registry.freezer();
  transaction.filesystems = options.selection != Selection::kNone && freezer != nullptr;
  if (transaction.filesystems) {
    transaction.freezer = freezer->id;
    transaction.freezer_plain = freezer->plain;
    freezer->part = {};
    freezer->part.takes_part = true;
  }

  record.clear();
  record.id = transaction.id;
  record.check_only = check_only;
  record.requester_kind = transaction.kind;
  record.requester = transaction.requester_name;
  record.selection = options.selection;
  record.require = transaction.require;
  record.began = now;
  record.freezer_plain = transaction.freezer_plain;
  sort_members();
  note_expected_absent();
}

void Coordinator::State::sort_members() {
  order.clear();
  for (const Participant& writer : registry.writer_places()) {
    if (writer.used()) order.push_back(writer.id.index);
  }
  std::ranges::sort(order, [this](std::uint32_t a, std::uint32_t b) {
    const int level_a = registry.at(a).level;
    const int level_b = registry.at(b).level;
    return level_a != level_b ? level_a < level_b : a < b;
  });
  for (std::size_t i = 0; i < order.size(); ++i) {
    Participant& writer = member(i);
    writer.part = {};
    writer.part.takes_part = true;
    writer.part.entry = static_cast<std::uint32_t>(record.writers.size());
    WriterEntry entry;
    entry.name = writer.name;
    entry.level = writer.level;
    entry.plain = writer.plain;
    entry.criticality = writer.criticality;
    record.writers.push_back(entry);
  }
}

void Coordinator::State::note_expected_absent() {
  std::ranges::fill(rule_seen, std::uint8_t{0});
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (member(i).rule != kNoEntry) rule_seen[member(i).rule] = 1;
  }
  for (std::size_t i = 0; i < policy.writers.size(); ++i) {
    const WriterRule& rule = policy.writers[i];
    if (!rule.expected || rule_seen[i] != 0) continue;
    const Reason why = sentences::expected_absent(rule.name);
    blame(why);
    WriterEntry entry;
    entry.name = rule.name;
    entry.level = rule.level.value_or(base::kLevelDefault);
    entry.criticality = rule.criticality.value_or(Criticality::kRequired);
    entry.fate = WriterFate::kExpectedAbsent;
    entry.reason = why;
    record.writers.push_back(entry);
  }
}

// `planned`: before anything is frozen, as if everybody who has not failed would hold.
Holding Coordinator::State::holding(bool planned) {
  Holding holding;
  holding.filesystems_in_scope = transaction.options.selection != Selection::kNone;
  holding.counts_known = !transaction.freezer_plain;
  holding.counts = record.filesystems;
  if (planned) {
    holding.counts.frozen = holding.counts.to_freeze;
    holding.counts.in_flight = 0;
  }
  const auto missing = [&](Criticality criticality, const Name& name) {
    if (criticality == Criticality::kRequired) holding.every_required_held = false;
    if (is_expected(name)) holding.every_expected_held = false;
  };
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Participant& writer = member(i);
    if (!writer.part.takes_part) continue;
    if (!writer.part.dropped && (planned || writer.part.held)) {
      ++holding.writers_held;
    } else {
      missing(writer.criticality, writer.name);
    }
  }
  // Those who are no longer, or never were, connected are known by their entries alone.
  for (const WriterEntry& entry : record.writers) {
    const bool failed = entry.fate == WriterFate::kDropped || entry.fate == WriterFate::kLost ||
                        entry.fate == WriterFate::kExpectedAbsent;
    if (failed) missing(entry.criticality, entry.name);
  }
  return holding;
}

std::uint32_t Coordinator::State::rule_of(const Name& name) const {
  const auto name_of = [this](std::uint32_t rule) { return policy.writers[rule].name.view(); };
  const auto found = std::ranges::lower_bound(rules_by_name, name.view(), {}, name_of);
  if (found == rules_by_name.end() || name_of(*found) != name.view()) return kNoEntry;
  return *found;
}

bool Coordinator::State::is_expected(const Name& name) const {
  const std::uint32_t rule = rule_of(name);
  return rule != kNoEntry && policy.writers[rule].expected;
}

}  // namespace vss::coordinator
