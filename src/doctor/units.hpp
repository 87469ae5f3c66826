// Reading what `systemctl show` prints. Pure.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "doctor/facts.hpp"

namespace vss::doctor {

// The units that the package installs.
inline constexpr std::array<const char*, 4> kUnits{"openvss.target", "vssd.service",
                                                   "vss-freezer.service", "vss-guardian.service"};
inline constexpr const char* kUnitProperties = "--property=Id,LoadState,ActiveState,UnitFileState";

// `NAME=VALUE` lines, one block for each unit, blocks parted by an empty line. What is not known is
// skipped; a block without Id is none.
std::vector<UnitFact> parse_units(std::string_view text);

}  // namespace vss::doctor
