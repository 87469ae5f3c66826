#include "simulation/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace vss::simulation {

using base::milliseconds;
using base::seconds;

namespace {

constexpr unsigned kWritersUsually = 5;  // fewer than this
constexpr unsigned kFilesystemsUsually = 5;
constexpr int kLevels[] = {50, 100, 100, 150};

WriterSpec make_writer(Random& random, unsigned number) {
  WriterSpec writer;
  writer.number = number;
  writer.plain = random.one_in(4);
  writer.level = writer.plain ? base::kLevelDefault : kLevels[random.below(std::size(kLevels))];
  writer.asks_for =
      random.one_in(3) && !writer.plain ? Criticality::kOptional : Criticality::kRequired;
  writer.rule_decides = !writer.plain && random.one_in(8);
  writer.expected = !writer.plain && random.one_in(8);
  if (!writer.plain && random.one_in(2)) {
    writer.timeout = random.between(milliseconds{700}, seconds{5});
  }
  return writer;
}

AskSpec make_ask(Random& random) {
  AskSpec ask;
  ask.kind = static_cast<RequesterKind>(random.below(coordinator::kRequesterKinds));
  ask.check = random.one_in(3);
  ask.snapshot = !ask.check || !random.one_in(4);
  if (random.one_in(12)) ask.selection = Selection::kNone;
  if (random.one_in(10)) ask.selection = Selection::kPaths;
  if (random.one_in(6)) {
    ask.require_given = true;
    ask.require = static_cast<Grade>(random.below(3));
  }
  ask.bound = ask.kind != RequesterKind::kLocal || !random.one_in(3);
  ask.hold = random.between(milliseconds{20}, seconds{6});
  if (random.one_in(6)) ask.hold_budget = random.between(seconds{11}, seconds{45});
  ask.pause = random.between(milliseconds{1}, seconds{3});
  return ask;
}

struct Cell {
  const FaultRow* row;
  Phase phase;
};

const std::vector<Cell>& cells() {
  static const std::vector<Cell> all = [] {
    std::vector<Cell> made;
    for (const FaultRow& row : fault_rows()) {
      for (std::size_t phase = 0; phase < coordinator::kPhases; ++phase) {
        if (row.strikes(static_cast<Phase>(phase))) {
          made.push_back({&row, static_cast<Phase>(phase)});
        }
      }
    }
    return made;
  }();
  return all;
}

unsigned next_writer_number(const Scenario& scenario) {
  unsigned next = 0;
  for (const WriterSpec& writer : scenario.writers)
    next = std::max(next, writer.number + 1);
  return next;
}

// A writer of that class: one that is there, or one more.
unsigned writer_of_class(Scenario& scenario, Actor actor, Random& random) {
  std::vector<unsigned> fitting;
  for (const WriterSpec& writer : scenario.writers) {
    if (writer.actor() == actor) fitting.push_back(writer.number);
  }
  if (!fitting.empty()) return fitting[random.below(fitting.size())];
  WriterSpec writer = make_writer(random, next_writer_number(scenario));
  writer.plain = actor == Actor::kPlain;
  writer.rule_decides = false;
  writer.asks_for = actor == Actor::kOptional ? Criticality::kOptional : Criticality::kRequired;
  if (writer.plain) {
    writer.level = base::kLevelDefault;
    writer.expected = false;
    writer.timeout = {};
  }
  scenario.writers.push_back(writer);
  return writer.number;
}

void add_fault(Scenario& scenario, Fault fault, Actor actor, Phase phase, unsigned ask,
               Random& random) {
  FaultSpec spec{fault, actor, phase, ask, 0, random.next()};
  if (is_writer(actor)) spec.writer = writer_of_class(scenario, actor, random);
  scenario.faults.push_back(spec);
}

bool has_fault_in_ask(const Scenario& scenario, unsigned ask) {
  return std::ranges::any_of(scenario.faults, [&](const FaultSpec& f) { return f.ask == ask; });
}

// An abort has to have a cause.
void add_cause_of_abort(Scenario& scenario, unsigned ask, Random& random) {
  switch (random.below(6)) {
    case 4: {
      const bool local = scenario.asks[ask].kind == RequesterKind::kLocal;
      scenario.asks[ask].bound = true;
      add_fault(scenario, Fault::kVanishes, local ? Actor::kLocal : Actor::kHost,
                random.one_in(2) ? Phase::kHeld : Phase::kFreezeFilesystems, ask, random);
      break;
    }
    case 0:
      add_fault(scenario, Fault::kAborts, Actor::kAdministrator,
                random.one_in(2) ? Phase::kHeld : Phase::kFreezeFilesystems, ask, random);
      break;
    case 1:
      add_fault(scenario, Fault::kFailsAtMount, Actor::kFreezer, Phase::kFreezeFilesystems, ask,
                random);
      break;
    case 2:
      add_fault(scenario, Fault::kRefuses, Actor::kRequired, Phase::kFreezeWriters, ask, random);
      break;
    case 3:
      add_fault(scenario, Fault::kRefuses, Actor::kRequired, Phase::kPrepare, ask, random);
      break;
    default:
      add_fault(scenario, Fault::kRefuses, Actor::kFreezer, Phase::kFreezeFilesystems, ask, random);
      break;
  }
}

bool needs_filesystems(const FaultSpec& fault) {
  return fault.actor == Actor::kFreezer || fault.actor == Actor::kKernel ||
         fault.actor == Actor::kGuardian || fault.actor == Actor::kDaemon;
}

bool needs_a_prepared_writer(Phase phase) {
  return phase == Phase::kFreezeWriters || phase == Phase::kThawWriters ||
         phase == Phase::kAbortWriters;
}

// Makes it likely that the phase is reached with the actor in it.
void make_room_for(Scenario& scenario, FaultSpec fault, Random& random) {
  AskSpec& ask = scenario.asks[fault.ask];
  if (fault.actor == Actor::kDaemon) scenario.plain_daemon = true;
  if (fault.phase == Phase::kCheck) ask.check = true;
  if (fault.phase != Phase::kCheck && fault.phase != Phase::kIdle) ask.snapshot = true;
  if (fault.actor == Actor::kHost && ask.kind == RequesterKind::kLocal) {
    ask.kind = random.one_in(3) ? RequesterKind::kQemuAgent : RequesterKind::kHyperV;
  }
  if (fault.actor == Actor::kLocal) ask.kind = RequesterKind::kLocal;
  if (ask.kind != RequesterKind::kLocal) ask.bound = true;
  if (needs_filesystems(fault)) {
    ask.selection = Selection::kAll;
    if (scenario.filesystems.empty()) scenario.filesystems.push_back({0, true});
    scenario.filesystems.front().freezable = true;
  }
  if (fault.fault == Fault::kThawHangs && fault.phase == Phase::kFreezeFilesystems) {
    while (scenario.filesystems.size() < 2) {
      scenario.filesystems.push_back({static_cast<unsigned>(scenario.filesystems.size()), true});
    }
    scenario.filesystems[1].freezable = true;
    add_fault(scenario, Fault::kFailsAtMount, Actor::kFreezer, Phase::kFreezeFilesystems, fault.ask,
              random);
  }
  if (needs_a_prepared_writer(fault.phase)) writer_of_class(scenario, Actor::kRequired, random);
  if (fault.phase == Phase::kAbortFilesystems || fault.phase == Phase::kAbortWriters) {
    add_cause_of_abort(scenario, fault.ask, random);
  }
}

void add_random_fault(Scenario& scenario, Random& random) {
  const Cell& cell = cells()[random.below(cells().size())];
  const auto ask = static_cast<unsigned>(random.below(scenario.asks.size()));
  // Something clean before and after is worth as much as one more fault.
  if (has_fault_in_ask(scenario, ask) && random.one_in(2)) return;
  add_fault(scenario, cell.row->fault, cell.row->actor, cell.phase, ask, random);
  make_room_for(scenario, scenario.faults.back(), random);
}

}  // namespace

Scenario make_scenario(std::uint64_t seed) {
  Random random(seed);
  Scenario scenario;
  scenario.seed = random.next();
  const std::uint64_t writers = random.below(kWritersUsually);
  for (unsigned number = 0; number < writers; ++number) {
    scenario.writers.push_back(make_writer(random, number));
  }
  const std::uint64_t filesystems = random.below(kFilesystemsUsually);
  for (unsigned number = 0; number < filesystems; ++number) {
    scenario.filesystems.push_back({number, !random.one_in(16)});
  }
  const std::uint64_t asks = 1 + random.below(3);
  for (std::uint64_t i = 0; i < asks; ++i)
    scenario.asks.push_back(make_ask(random));
  scenario.expected_absent = random.one_in(40);
  const std::uint64_t faults = random.below(4);
  for (std::uint64_t i = 0; i < faults; ++i)
    add_random_fault(scenario, random);
  return scenario;
}

coordinator::Name name_of(const WriterSpec& writer) {
  // A session names a plain client by its process, which is 1000 + number here.
  if (writer.plain) return coordinator::Name{"plain:"}.append_number(1000 + writer.number);
  return coordinator::Name{"w"}.append_number(writer.number);
}

coordinator::Policy policy_of(const Scenario& scenario) {
  coordinator::Policy policy = coordinator::default_policy();
  policy.writers_max = 12;
  for (const WriterSpec& writer : scenario.writers) {
    if (!writer.rule_decides && !writer.expected) continue;
    coordinator::WriterRule rule;
    rule.name = name_of(writer);
    rule.expected = writer.expected;
    if (writer.rule_decides) {
      rule.criticality = writer.asks_for == Criticality::kRequired ? Criticality::kOptional
                                                                   : Criticality::kRequired;
    }
    policy.writers.push_back(rule);
  }
  if (scenario.expected_absent) {
    coordinator::WriterRule rule;
    rule.name = "absent";
    rule.expected = true;
    policy.writers.push_back(rule);
  }
  return policy;
}

std::string describe(const Scenario& scenario) {
  std::string text;
  auto out = std::back_inserter(text);
  for (const WriterSpec& writer : scenario.writers) {
    fmt::format_to(out, "writer {}: {}, level {}, timeout {} ms{}\n", name_of(writer).view(),
                   to_text(writer.actor()), writer.level, writer.timeout.count() / 1'000'000,
                   writer.expected ? ", expected" : "");
  }
  for (const FilesystemSpec& filesystem : scenario.filesystems) {
    fmt::format_to(out, "filesystem fs{}{}\n", filesystem.number,
                   filesystem.freezable ? "" : ": cannot be frozen");
  }
  if (scenario.expected_absent) fmt::format_to(out, "writer absent: expected and not there\n");
  if (scenario.plain_daemon) fmt::format_to(out, "freezer: a plain daemon\n");
  for (std::size_t i = 0; i < scenario.asks.size(); ++i) {
    const AskSpec& ask = scenario.asks[i];
    fmt::format_to(out, "ask {}: {}{}{}, filesystems {}, {}\n", i, coordinator::to_text(ask.kind),
                   ask.check ? " check" : "", ask.snapshot ? " snapshot" : "",
                   ask.selection == Selection::kNone    ? "none"
                   : ask.selection == Selection::kPaths ? "of even number"
                                                        : "all",
                   ask.bound ? "bound" : "owned by the driver");
  }
  for (const FaultSpec& fault : scenario.faults) {
    fmt::format_to(out, "fault: {} {}", to_text(fault.actor), to_text(fault.fault));
    if (is_writer(fault.actor)) fmt::format_to(out, " (w{})", fault.writer);
    fmt::format_to(out, " in {} of ask {}\n", short_text(fault.phase), fault.ask);
  }
  return text;
}

}  // namespace vss::simulation
