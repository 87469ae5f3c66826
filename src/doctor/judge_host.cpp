// The ways in: a Hyper-V host's door, and the device nodes for programs written for the original.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/judge.hpp"

namespace vss::doctor {
namespace {

using config::HyperVDoor;

constexpr std::string_view kUioDriver = "uio_hv_generic";
constexpr const char* kWhyDoor =
    "the host's backups reach nobody here: they fail, or are crash-consistent";

// What the configuration comes to on this machine.
HyperVDoor door_in_use(const Facts& facts) {
  const HyperVDoor configured = facts.configuration.hyperv_door;
  if (configured != HyperVDoor::kAuto) return configured;
  const bool offered = facts.door.channel || facts.door.hv_vss.kind != FileKind::kAbsent;
  return offered ? HyperVDoor::kHvVss : HyperVDoor::kOff;
}

constexpr const char* kUioBind = "vss-uio-bind";
constexpr std::string_view kVssd = "vssd.service";

std::string set_door(const Facts& facts, std::string_view door) {
  return fmt::format("hyperv.door = \"{}\", then {}", door, restart_command(facts, kVssd));
}

// vssd tries again by itself, as long as it may.
void judge_unopened(const Facts& facts, Check& check) {
  const FileFact& device = facts.door.hv_vss;
  const bool not_its_own = has_units(facts) && facts.service_user &&
                           device.user != *facts.service_user && (device.mode & 0006U) != 0006U;
  const auto& hosts = facts.vssd.status->hosts;
  check.add({Severity::kFailure, "door-not-open",
             fmt::format("{} is there, and vssd does not have it open{}", device.path,
                         hosts.empty() ? "" : ": " + hosts.front()),
             kWhyDoor,
             not_its_own ? "udevadm control --reload && udevadm trigger --settle " + device.path
                         : restart_command(facts, kVssd)});
}

void judge_holders(const Facts& facts, Check& check) {
  if (!facts.door.hv_vss_holders) {
    check.add({Severity::kNote, "door-not-seen",
               "only root can see who has " + facts.door.hv_vss.path + " open", "",
               "sudo vssctl doctor"});
    return;
  }
  for (const int holder : *facts.door.hv_vss_holders) {
    if (is_vssd(facts, holder)) continue;
    const auto process = std::ranges::find(facts.processes, holder, &ProcessFact::id);
    const std::string name = process == facts.processes.end() ? "?" : process->name;
    const std::string stop = stop_stock_daemon(facts, name);
    check.add({Severity::kFailure, "door-taken",
               fmt::format("{} (process {}) has {} open", name, holder, facts.door.hv_vss.path),
               "one process may have it open; as long as it is another, vssd never hears the host",
               stop.empty() ? fmt::format("kill {}", holder) : stop});
  }
  if (facts.door.hv_vss_holders->empty() && facts.vssd.status) judge_unopened(facts, check);
}

void judge_hv_vss(const Facts& facts, Check& check) {
  check.summary = "Hyper-V through " + facts.door.hv_vss.path;
  if (facts.door.hv_vss.kind != FileKind::kAbsent) return judge_holders(facts, check);
  if (facts.door.channel && facts.door.channel->driver == kUioDriver) {
    check.add({Severity::kFailure, "door-bound-to-uio",
               fmt::format("the channel is bound to {}, so that {} is not there", kUioDriver,
                           facts.door.hv_vss.path),
               kWhyDoor, fmt::format("{} restore, or {}", kUioBind, set_door(facts, "uio"))});
    return;
  }
  check.add({Severity::kFailure, "door-missing", facts.door.hv_vss.path + " is not there", kWhyDoor,
             // The module alone takes no device back that was taken from it.
             facts.door.channel ? fmt::format("modprobe hv_utils && {} restore", kUioBind)
                                : "enable the backup service of this machine at its host, or " +
                                      set_door(facts, "auto")});
}

void judge_uio(const Facts& facts, Check& check) {
  check.summary = "Hyper-V through uio_hv_generic";
  if (!facts.door.uio_refusal.empty()) {
    check.add({Severity::kFailure, "door-uio-refused", facts.door.uio_refusal, kWhyDoor,
               set_door(facts, "hv_vss")});
  } else if (!facts.door.channel) {
    check.add({Severity::kFailure, "door-no-channel", "the host offers no backup channel", kWhyDoor,
               "enable the backup service of this machine at its host"});
  } else if (facts.door.channel->driver != kUioDriver) {
    check.add(
        {Severity::kFailure, "door-not-bound",
         fmt::format("the channel is with {}, not with {}",
                     facts.door.channel->driver.empty() ? "no driver" : facts.door.channel->driver,
                     kUioDriver),
         kWhyDoor,
         // The unit lets vssd at such a device only if the module was there when it started.
         fmt::format("modprobe uio_hv_generic && {} bind && {}", kUioBind,
                     restart_command(facts, kVssd))});
  }
}

}  // namespace

Check judge_door(const Facts& facts) {
  Check check{"door", ""};
  switch (door_in_use(facts)) {
    case HyperVDoor::kHvVss: judge_hv_vss(facts, check); break;
    case HyperVDoor::kUio: judge_uio(facts, check); break;
    case HyperVDoor::kAuto:
    case HyperVDoor::kOff:
      check.summary = facts.configuration.hyperv_door == HyperVDoor::kOff
                          ? "Hyper-V is off by configuration"
                          : "no Hyper-V host: local snapshots";
  }
  if (facts.door.qemu_agent_port) {
    check.add(
        {Severity::kNote, "qemu-host",
         "this machine's QEMU host asks qemu-ga to freeze, and never OpenVSS", "",
         "`vssctl hold --filesystems none` and `vssctl release` in a hook of qemu-ga hold the "
         "applications"});
  }
  if (facts.vssd.status && check.verdict() == Severity::kGood &&
      !facts.vssd.status->hosts.empty()) {
    check.summary = facts.vssd.status->hosts.front();
  }
  return check;
}

namespace {

// Root's alone: who has it open is the freezer.
bool is_filesystem_node(const FileFact& node) {
  return node.path.ends_with("/hv_fsvss_dev");
}

// vssd makes its nodes when it starts.
std::string with_cuse(const Facts& facts) {
  return (facts.nodes.cuse ? "" : "modprobe cuse, then ") + restart_command(facts, kVssd);
}

// The applications' is 0660 root:vss, as the installation's rule makes it.
void judge_node(const Facts& facts, const FileFact& node, Check& check) {
  if (node.kind == FileKind::kAbsent) {
    const bool must = facts.configuration.device_nodes == config::DeviceNodes::kOn;
    check.add({must ? Severity::kFailure : Severity::kRisk, "node-missing",
               node.path + " is not there",
               "a program written for the original is not asked to hold", with_cuse(facts)});
    return;
  }
  if (is_filesystem_node(node)) {
    if ((node.mode & 0066U) == 0) return;
    check.add({Severity::kRisk, "node-not-roots",
               fmt::format("{} has mode {:04o}", node.path, node.mode),
               "whoever opens it is taken for the freezer, and believed",
               fmt::format("chmod 0600 {}", node.path)});
  } else if ((node.mode & 0006U) != 0) {
    check.add({Severity::kRisk, "node-open-to-all",
               fmt::format("{} has mode {:04o}", node.path, node.mode),
               "any user can refuse a backup there, or make it wait", "chmod 0660 " + node.path});
  } else if (facts.socket_group && node.group != *facts.socket_group) {
    check.add(
        {Severity::kRisk, "node-group",
         fmt::format("{} does not belong to group {}", node.path, facts.configuration.socket_group),
         "programs of that group cannot open it",
         fmt::format("chgrp {} {}", facts.configuration.socket_group, node.path)});
  }
}

}  // namespace

Check judge_nodes(const Facts& facts) {
  Check check{"nodes", "both are there"};
  if (facts.configuration.device_nodes == config::DeviceNodes::kOff) {
    check.summary = "off by configuration";
    return check;
  }
  const bool none = std::ranges::all_of(
      facts.nodes.nodes, [](const FileFact& node) { return node.kind == FileKind::kAbsent; });
  if (none && !facts.nodes.cuse && facts.configuration.device_nodes == config::DeviceNodes::kAuto) {
    check.summary = "none: this kernel has no /dev/cuse";
    check.add({Severity::kNote, "no-cuse",
               "programs written for the original need /dev/cuse; libvss does not", "",
               with_cuse(facts)});
    return check;
  }
  for (const FileFact& node : facts.nodes.nodes)
    judge_node(facts, node, check);
  if (check.verdict() != Severity::kGood) check.summary = "see below";
  return check;
}

}  // namespace vss::doctor
