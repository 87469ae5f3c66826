#include "simulation/coverage.hpp"

#include <fmt/format.h>

#include <iterator>
#include <set>

namespace vss::simulation {
namespace {

std::string short_count(std::uint64_t count) {
  if (count < 100'000) return fmt::format("{}", count);
  return fmt::format("{}k", count / 1000);
}

}  // namespace

void Coverage::count(Fault fault, Actor actor, Phase phase) {
  const auto rows = fault_rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].fault == fault && rows[i].actor == actor) {
      ++counts_[i][static_cast<std::size_t>(phase)];
    }
  }
}

void Coverage::add(const Coverage& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    for (std::size_t phase = 0; phase < coordinator::kPhases; ++phase) {
      counts_[i][phase] += other.counts_[i][phase];
    }
  }
}

std::size_t Coverage::cells() const {
  std::size_t cells = 0;
  for (const FaultRow& row : fault_rows()) {
    for (const char letter : row.phases)
      cells += letter == 'x' ? 1 : 0;
  }
  return cells;
}

std::size_t Coverage::empty_cells() const {
  std::size_t empty = 0;
  const auto rows = fault_rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t phase = 0; phase < coordinator::kPhases; ++phase) {
      if (rows[i].phases[phase] == 'x' && counts_[i][phase] == 0) ++empty;
    }
  }
  return empty;
}

std::string Coverage::table() const {
  std::string text = fmt::format("{:<20} {:<15}", "fault", "actor");
  auto out = std::back_inserter(text);
  for (std::size_t phase = 0; phase < coordinator::kPhases; ++phase) {
    fmt::format_to(out, " {:>6}", short_text(static_cast<Phase>(phase)));
  }
  text += '\n';
  const auto rows = fault_rows();
  std::set<char> letters;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    fmt::format_to(out, "{:<20} {:<15}", to_text(rows[i].fault), to_text(rows[i].actor));
    for (std::size_t phase = 0; phase < coordinator::kPhases; ++phase) {
      const char letter = rows[i].phases[phase];
      if (letter == 'x') {
        fmt::format_to(out, " {:>6}", short_count(counts_[i][phase]));
      } else {
        fmt::format_to(out, " {:>5}{}", '-', letter);
        letters.insert(letter);
      }
    }
    text += '\n';
  }
  text += "cells that cannot occur, and why:\n";
  for (const char letter : letters)
    fmt::format_to(out, "  -{} {}\n", letter, reason_of(letter));
  return text;
}

std::string Coverage::empty_cells_text() const {
  std::string text;
  const auto rows = fault_rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t phase = 0; phase < coordinator::kPhases; ++phase) {
      if (rows[i].phases[phase] != 'x' || counts_[i][phase] != 0) continue;
      fmt::format_to(std::back_inserter(text), "  empty: {}, {}, {}\n", to_text(rows[i].fault),
                     to_text(rows[i].actor), short_text(static_cast<Phase>(phase)));
    }
  }
  return text;
}

}  // namespace vss::simulation
