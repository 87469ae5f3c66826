#include "doctor/judge.hpp"

#include <algorithm>

namespace vss::doctor {

Diagnosis judge(const Facts& facts) {
  Diagnosis diagnosis;
  for (const auto check : {judge_vssd, judge_kernel, judge_limits, judge_door, judge_nodes,
                           judge_sockets, judge_files, judge_units, judge_memory, judge_plan,
                           judge_writers, judge_agents, judge_logs, judge_leftovers}) {
    diagnosis.checks.push_back(check(facts));
  }
  return diagnosis;
}

bool has_units(const Facts& facts) {
  return facts.manager.silent || std::ranges::any_of(facts.manager.units, [](const UnitFact& unit) {
           return unit.load != "not-found";
         });
}

std::string start_command(const Facts& facts) {
  return has_units(facts) ? "systemctl start openvss.target" : "vssd --spawn";
}

std::string restart_command(const Facts& facts, std::string_view unit) {
  if (has_units(facts)) return "systemctl restart " + std::string(unit);
  // Two cannot have one runtime directory.
  if (facts.vssd.process == 0) return "vssd --spawn";
  return "kill " + std::to_string(facts.vssd.process) + ", then vssd --spawn";
}

std::string stop_stock_daemon(const Facts& facts, std::string_view process) {
  // What is installed with our units keeps this one, and only this, from being started again, and
  // ends it out of a hold.
  if (process == "hv_vss_daemon") {
    return has_units(facts) ? OPENVSS_LIBEXEC_DIR "/stop-hv-vss-daemon"
                            : "systemctl mask --now hv-vss-daemon.service";
  }
  // udev starts it for its device, enabled or not.
  if (process == "hypervvssd") return "systemctl mask --now hypervvssd.service";
  return {};
}

bool is_vssd(const Facts& facts, int process) {
  return facts.vssd.process != 0 && process == facts.vssd.process;
}

std::string names_of(const std::vector<const ProcessFact*>& processes) {
  std::string text;
  for (const ProcessFact* process : processes) {
    if (!text.empty()) text += ", ";
    text += process->name + " (process " + std::to_string(process->id) + ')';
  }
  return text;
}

namespace {

bool is_below(std::string_view path, std::string_view mount_point) {
  if (mount_point == "/") return path.starts_with('/');
  return path.starts_with(mount_point) &&
         (path.size() == mount_point.size() || path[mount_point.size()] == '/');
}

}  // namespace

bool will_freeze(const records::PlanDocument& plan, std::string_view path) {
  const records::FilesystemPart* nearest = nullptr;
  for (const auto& mount : plan.mounts) {
    if (!is_below(path, mount.mount_point)) continue;
    // The later of two on one mount point hides the earlier.
    if (nearest == nullptr || mount.mount_point.size() >= nearest->mount_point.size()) {
      nearest = &mount;
    }
  }
  // A bind mount is covered by the entry that freezes its superblock.
  return nearest != nullptr && std::ranges::any_of(plan.mounts, [&](const auto& mount) {
           return mount.action == wire::MountAction::kFreeze && mount.device == nearest->device;
         });
}

}  // namespace vss::doctor
