// One episode as data: who is there, what is asked, what goes wrong. Nothing in it is decided while
// it runs, so a shorter scenario can be made from it by leaving parts out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/policy.hpp"
#include "simulation/faults.hpp"
#include "simulation/random.hpp"

namespace vss::simulation {

using base::Duration;
using coordinator::Criticality;
using coordinator::Grade;
using coordinator::RequesterKind;
using coordinator::Selection;

struct WriterSpec {
  unsigned number = 0;  // its name is w<number>; never another writer's in this episode
  bool plain = false;
  int level = base::kLevelDefault;
  Criticality asks_for = Criticality::kRequired;
  bool rule_decides = false;  // configuration has a rule that says the opposite of what it asks for
  bool expected = false;      // by configuration
  Duration timeout{0};        // asked for; 0: the default

  Actor actor() const {
    if (plain) return Actor::kPlain;
    const bool required = (asks_for == Criticality::kRequired) != rule_decides;
    return required ? Actor::kRequired : Actor::kOptional;
  }
};

struct FilesystemSpec {
  unsigned number = 0;  // its name is fs<number>
  bool freezable = true;
};

// What a requester wants once: perhaps a CHECK, then perhaps a snapshot.
struct AskSpec {
  RequesterKind kind = RequesterKind::kHyperV;
  bool check = false;
  bool snapshot = true;
  Selection selection = Selection::kAll;
  bool require_given = false;
  Grade require = Grade::kFilesystem;
  bool bound = true;        // its loss aborts
  Duration hold{0};         // until it thaws
  Duration hold_budget{0};  // 0: configured
  Duration pause{0};        // before it begins
};

struct FaultSpec {
  Fault fault{};
  Actor actor{};
  Phase phase{};
  unsigned ask = 0;        // strikes during this AskSpec (an index, or beyond the end: never)
  unsigned writer = 0;     // WriterSpec::number where the actor is a writer
  std::uint64_t salt = 0;  // decides delays and the like
};

struct Scenario {
  std::uint64_t seed = 0;  // of the delays
  std::vector<WriterSpec> writers;
  std::vector<FilesystemSpec> filesystems;
  std::vector<AskSpec> asks;
  std::vector<FaultSpec> faults;
  bool expected_absent = false;  // configuration expects a writer that is not there
  bool plain_daemon = false;     // it is the freezer; there is no vss-freezer
};

// The same seed makes the same scenario, on every machine.
Scenario make_scenario(std::uint64_t seed);

// What an administrator would have configured for this scenario.
coordinator::Policy policy_of(const Scenario& scenario);

coordinator::Name name_of(const WriterSpec& writer);
// For people: a few lines.
std::string describe(const Scenario& scenario);

}  // namespace vss::simulation
