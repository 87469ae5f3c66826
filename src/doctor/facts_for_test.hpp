// A machine on which everything is as it should be, for the tests of this folder.
#pragma once

#include "doctor/facts.hpp"

namespace vss::doctor::testing {

inline constexpr std::uint32_t kUser = 990, kGroup = 991;

inline VssdFacts good_vssd() {
  records::StatusDocument status;
  status.version = "1.2.3";
  status.freezer = {.connected = true,
                    .plain = false,
                    .clean = true,
                    .guardian_alive = true,
                    .last_thawed = {},
                    .reason = ""};
  status.writers = 1;
  records::WriterLine writer;
  writer.name = "bank";
  records::PlanDocument plan;
  records::FilesystemPart root;
  root.mount_point = "/";
  root.type = "ext4";
  root.device = "8:1";
  root.layer = 0;
  root.action = wire::MountAction::kFreeze;
  plan.mounts.push_back(root);
  plan.summary.to_freeze = 1;
  return {.unreachable = "",
          .process = 100,
          .status = status,
          .writers = records::WritersDocument{{writer}},
          .plan = plan,
          .plan_refused = ""};
}

inline FileFact file(const std::string& path, FileKind kind, std::uint32_t mode,
                     std::uint32_t user = 0, std::uint32_t group = 0) {
  return {.path = path,
          .kind = kind,
          .mode = mode,
          .user = user,
          .group = group,
          .in_memory = path.starts_with("/run")};
}

inline RuntimeFacts good_runtime() {
  return {.directory = file("/run/openvss", FileKind::kDirectory, 0751, 0, kGroup),
          .freezer_directory = file("/run/openvss/freezer", FileKind::kDirectory, 0700),
          .slots = file("/run/openvss/freezer/slots", FileKind::kFile, 0600),
          .open_slots = 0,
          .app_socket = file("/run/openvss/app.sock", FileKind::kSocket, 0660, 0, kGroup),
          .freezer_socket = file("/run/openvss/freezer.sock", FileKind::kSocket, 0600),
          .control_socket = file("/run/openvss/control.sock", FileKind::kSocket, 0666),
          .configuration = {file("/etc/openvss/openvss.toml", FileKind::kFile, 0644)}};
}

inline ProcessFact process(int id, const std::string& name, std::uint32_t user = 0) {
  return {.id = id, .name = name, .user = user, .locked_bytes = 4096, .waits_for_thaw = false};
}

inline UnitFact unit(const std::string& name, const std::string& active = "active",
                     const std::string& enabled = "enabled") {
  UnitFact fact;
  fact.name = name;
  fact.load = "loaded";
  fact.active = active;
  fact.enabled = enabled;
  return fact;
}

// `sub`: "running" where vssd serves it, "listening" where a connection would start vssd.
inline UnitFact socket_unit(const std::string& of, const std::string& sub = "running") {
  UnitFact fact = unit("vssd-" + of + ".socket", "active", "static");
  fact.sub = sub;
  fact.listens = "/run/openvss/" + of + ".sock";
  return fact;
}

inline Facts good_machine() {
  Facts facts;
  facts.service_user = kUser;
  facts.socket_group = kGroup;
  facts.vssd = good_vssd();
  facts.kernel = {.release = "6.1.0-30-amd64",
                  .limits = {.hung_task_panic = false,
                             .hung_task_timeout = base::seconds(120),
                             .watchdog_timeout = base::seconds(0)}};
  facts.door.hv_vss.path = "/dev/vmbus/hv_vss";
  facts.nodes = {.cuse = true,
                 .nodes = {file("/dev/hv_fsvss_dev", FileKind::kDevice, 0600, 0, 0),
                           file("/dev/hv_appvss_dev", FileKind::kDevice, 0660, 0, kGroup)},
                 .freezer_node_holders = std::vector<int>{}};
  facts.runtime = good_runtime();
  facts.manager = {.systemd = true,
                   .units = {unit("openvss.target"), unit("vssd.service"),
                             unit("vss-freezer.service"), unit("vss-guardian.service"),
                             socket_unit("app"), socket_unit("freezer"), socket_unit("control")}};
  facts.processes = {process(1, "systemd"), process(100, "vssd", kUser),
                     process(101, "vss-freezer"), process(102, "vss-guardian")};
  return facts;
}

}  // namespace vss::doctor::testing
