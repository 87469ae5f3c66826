// Reading what `systemctl show` prints. Pure.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "doctor/facts.hpp"

namespace vss::doctor {

// The units that the package installs.
inline constexpr std::array<const char*, 7> kUnits{
    "openvss.target",  "vssd.service",        "vss-freezer.service", "vss-guardian.service",
    "vssd-app.socket", "vssd-freezer.socket", "vssd-control.socket"};
inline constexpr const char* kUnitProperties =
    "--property=Id,LoadState,ActiveState,SubState,UnitFileState,Listen";

// `NAME=VALUE` lines, one block for each unit, blocks parted by an empty line. What is not known is
// skipped; a block without Id is none.
std::vector<UnitFact> parse_units(std::string_view text);

// systemd itself has this socket, and starts vssd for whoever connects to it: to connect would
// change the machine.
bool starts_vssd(const std::vector<UnitFact>& units, std::string_view socket);

}  // namespace vss::doctor
