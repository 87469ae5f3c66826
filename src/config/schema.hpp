// Which keys a configuration file may have, and what they set.
#pragma once

#include <map>
#include <string>

#include "config/configuration.hpp"
#include "config/problem.hpp"
#include "config/toml.hpp"

namespace vss::config {

// A configuration while its files are being read. `places` has where a value was set, by its full
// name
// ("requesters.local.hold"), for the checks that look at several values together.
struct Draft {
  Configuration configuration;
  std::map<std::string, Place> places;
};

// Applies one file. Wrong values are reported and leave the draft as it was.
void apply(const toml::table& root, const std::string& file, Draft& draft, Problems& problems);

}  // namespace vss::config
