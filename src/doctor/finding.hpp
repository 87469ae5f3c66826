// What judging says: checks with their findings. docs/doctor.md lists every code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vss::doctor {

enum class Severity : std::uint8_t {
  kGood,
  kNote,     // worth knowing; changes no verdict
  kRisk,     // backups work, and something can spoil one, or the machine's rest
  kFailure,  // a backup would fail
};
// "good", "note", "risk", "failure".
std::string_view to_text(Severity severity);

struct Finding {
  Severity severity = Severity::kNote;
  std::string_view code;  // stable; lives for ever
  std::string what;       // one sentence
  std::string why;        // it matters; empty for a note that explains itself
  std::string mend;       // the command, or the line of configuration; empty: nothing to mend
};

struct Check {
  std::string_view name;  // stable; lives for ever
  std::string summary;    // one line, also when all is good
  std::vector<Finding> findings{};
  bool known = true;  // false: what it would look at is not there, or did not answer

  void add(Finding finding) { findings.push_back(std::move(finding)); }
  // The worst of its findings; notes count as good.
  Severity verdict() const;
};

struct Diagnosis {
  std::vector<Check> checks;
  Severity verdict() const;
};

// 0 good, 1 risks, 3 a backup would fail.
int exit_status_of(const Diagnosis& diagnosis);

}  // namespace vss::doctor
