// A diagnosis as text for a terminal of 80 columns, and as JSON (schema: docs/doctor.md).
#pragma once

#include <string>

#include "doctor/finding.hpp"

namespace vss::doctor {

// One line for each check; below them findings, the worst first. When all is good and notes are
// few it fits 24 lines. Ends with a line end.
std::string render(const Diagnosis& diagnosis);
std::string to_json(const Diagnosis& diagnosis);

}  // namespace vss::doctor
