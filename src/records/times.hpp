// Times as text for people.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.hpp"

namespace vss::records {

std::string seconds_text(base::Duration duration);      // "0.120 s"
std::string utc_text(std::int64_t seconds_since_1970);  // "2026-11-22 18:05:10 UTC"

}  // namespace vss::records
