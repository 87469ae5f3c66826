// What is said about one step: a request and what became of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace hostsim {

using Json = nlohmann::ordered_json;

struct StepReport {
  std::string name;
  bool answered = false;
  std::uint32_t status = 0;
  std::chrono::microseconds latency{0};
  std::vector<std::string> complaints;

  bool well_formed() const { return answered && complaints.empty(); }
  // What the guest meant, however badly it said so.
  bool agreed() const { return answered && status == 0; }
  bool ok() const { return well_formed() && status == 0; }
};

// OK, HV_E_FAIL, another number, or NONE where no answer came.
std::string status_text(const StepReport& report);

// `THAW HV_E_FAIL 0.001 s`, with complaints behind it; in columns or not.
std::string line_of(const StepReport& report, bool in_columns);

Json json_of(const StepReport& report);

// On stdout, at once.
void print_line(const std::string& line);

}  // namespace hostsim
