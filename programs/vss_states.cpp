// Prints the coordinator's transition table as a Mermaid diagram: the picture in ARCHITECTURE.md is
// this program's output. Transitions between the same two phases share one arrow.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <string>

#include "base/exit_status.hpp"
#include "coordinator/transitions.hpp"

namespace {

using vss::coordinator::Guard;
using vss::coordinator::Phase;
using vss::coordinator::Row;

// Mermaid's names of states have no spaces.
std::string state_name(Phase phase) {
  std::string name{to_text(phase)};
  for (char& letter : name) {
    if (letter == ' ') letter = '_';
  }
  return name;
}

std::string label_of(const Row& row) {
  std::string label{to_text(row.trigger)};
  if (row.guard != Guard::kAlways) {
    label += fmt::format(" [{}{}]", row.negated ? "not " : "", to_text(row.guard));
  }
  return label + " / " + std::string{to_text(row.effect)};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) {
    fmt::print(stderr, "vss-states: unexpected argument '{}': it takes none\n", argv[1]);
    return vss::base::kExitUsage;
  }
  std::map<std::pair<Phase, Phase>, std::string> arrows;
  for (const Row& row : vss::coordinator::transition_table()) {
    std::string& text = arrows[{row.phase, row.next}];
    if (!text.empty()) text += "<br/>";
    text += label_of(row);
  }
  std::puts("stateDiagram-v2");
  std::puts("  [*] --> idle");
  for (const auto& [ends, text] : arrows) {
    fmt::print("  {} --> {}: {}\n", state_name(ends.first), state_name(ends.second), text);
  }
  return std::fflush(stdout) == 0 ? vss::base::kExitYes : vss::base::kExitNo;
}
