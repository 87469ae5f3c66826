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

// To connect to this socket would change the machine: systemd itself has it, and starts vssd for
// whoever connects. Where systemd does not say, a vssd that runs is proof that it has not.
bool starts_vssd(const ServiceManagerFacts& manager, bool vssd_runs, std::string_view socket);

}  // namespace vss::doctor
