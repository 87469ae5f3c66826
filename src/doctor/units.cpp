#include "doctor/units.hpp"

#include <algorithm>

namespace vss::doctor {
namespace {

void take_line(std::string_view line, UnitFact& unit) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view name = line.substr(0, equals);
  const std::string value(line.substr(equals + 1));
  if (name == "Id") unit.name = value;
  if (name == "LoadState") unit.load = value;
  if (name == "ActiveState") unit.active = value;
  if (name == "UnitFileState") unit.enabled = value;
  if (name == "SubState") unit.sub = value;
  // `/run/openvss/control.sock (SequentialPacket)`
  if (name == "Listen") unit.listens = value.substr(0, value.rfind(" ("));
}

}  // namespace

std::vector<UnitFact> parse_units(std::string_view text) {
  std::vector<UnitFact> units;
  UnitFact unit;
  const auto end_block = [&] {
    if (!unit.name.empty()) units.push_back(unit);
    unit = {};
  };
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (line.empty()) end_block();
    take_line(line, unit);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  end_block();
  return units;
}

bool starts_vssd(const ServiceManagerFacts& manager, bool vssd_runs, std::string_view socket) {
  if (manager.silent) return !vssd_runs;
  return std::ranges::any_of(manager.units, [&](const UnitFact& unit) {
    return unit.listens == socket && unit.sub == "listening";
  });
}

}  // namespace vss::doctor
