// The part of an examination that the machine shows: files, processes, units, kernel.
#include "operator/examine.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "doctor/units.hpp"
#include "freezer/slots.hpp"
#include "platform/credentials.hpp"
#include "platform/file_facts.hpp"
#include "platform/kernel_limits.hpp"
#include "platform/processes.hpp"
#include "platform/program_output.hpp"
#include "platform/vmbus_devices.hpp"

namespace vss::operators {
namespace {

namespace runtime = base::runtime;

constexpr const char* kServiceUser = "vss";
constexpr const char* kHvVss = "/dev/vmbus/hv_vss";
constexpr const char* kCuse = "/dev/cuse";
constexpr const char* kFreezerNode = "/dev/hv_fsvss_dev";
constexpr const char* kApplicationNode = "/dev/hv_appvss_dev";
constexpr const char* kQemuAgentPort = "/dev/virtio-ports/org.qemu.guest_agent.0";
constexpr base::Duration kSystemctlLimit = base::seconds(20);

doctor::FileKind to_fact(platform::FileKind kind) {
  switch (kind) {
    case platform::FileKind::kAbsent: return doctor::FileKind::kAbsent;
    case platform::FileKind::kFile: return doctor::FileKind::kFile;
    case platform::FileKind::kDirectory: return doctor::FileKind::kDirectory;
    case platform::FileKind::kSocket: return doctor::FileKind::kSocket;
    case platform::FileKind::kDevice: return doctor::FileKind::kDevice;
    case platform::FileKind::kOther: break;
  }
  return doctor::FileKind::kOther;
}

doctor::FileFact look_at(const std::string& path) {
  const platform::FileFacts found = platform::look_at(path);
  return {.path = path,
          .kind = to_fact(found.kind),
          .mode = found.mode,
          .user = found.user,
          .group = found.group,
          .in_memory = found.in_memory};
}

bool exists(const std::string& path) {
  return platform::look_at(path).kind != platform::FileKind::kAbsent;
}

// Where a directory really lies; empty: it is not there.
std::string real_path(const std::string& path) {
  std::error_code error;
  return std::filesystem::canonical(path, error).string();
}

std::vector<doctor::ProcessFact> processes() {
  std::vector<doctor::ProcessFact> facts;
  for (platform::ProcessEntry& entry : platform::list_processes()) {
    facts.push_back({.id = entry.id,
                     .name = std::move(entry.name),
                     .user = entry.user,
                     .locked_bytes = entry.locked_bytes,
                     .waits_for_thaw = entry.waits_for_thaw});
  }
  return facts;
}

bool runs(const std::vector<doctor::ProcessFact>& processes, std::string_view name) {
  return std::ranges::find(processes, name, &doctor::ProcessFact::name) != processes.end();
}

// Who answers on a socket that the service manager made is the service manager, by its credentials.
int vssd_process(const std::vector<doctor::ProcessFact>& processes, int peer) {
  const auto is_vssd = [](const doctor::ProcessFact& process) { return process.name == "vssd"; };
  const auto named = std::ranges::find(processes, peer, &doctor::ProcessFact::id);
  if (named != processes.end() && is_vssd(*named)) return peer;
  const auto any = std::ranges::find_if(processes, is_vssd);
  return any == processes.end() ? peer : any->id;
}

doctor::KernelFacts kernel() {
  const platform::KernelLimits limits = platform::read_kernel_limits();
  return {.release = platform::kernel_release(),
          .limits = {.hung_task_panic = limits.hung_task_panic,
                     .hung_task_timeout = limits.hung_task_timeout,
                     .watchdog_timeout = limits.watchdog_timeout}};
}

doctor::DoorFacts door(const std::string& release) {
  doctor::DoorFacts facts;
  if (const auto device = platform::find_vss_device()) {
    facts.channel = doctor::ChannelFact{.driver = device->driver};
  }
  if (const auto good = platform::check_uio_release(release); !good) {
    facts.uio_refusal = good.error().message;
  }
  facts.hv_vss = look_at(kHvVss);
  if (facts.hv_vss.kind != doctor::FileKind::kAbsent) {
    facts.hv_vss_holders = platform::processes_that_opened(kHvVss);
  }
  facts.qemu_agent_port = exists(kQemuAgentPort);
  return facts;
}

doctor::NodeFacts nodes() {
  return {.cuse = exists(kCuse),
          .nodes = {look_at(kFreezerNode), look_at(kApplicationNode)},
          .freezer_node_holders = platform::processes_that_opened(kFreezerNode)};
}

doctor::RuntimeFacts runtime_files(const config::Configuration& configuration) {
  const auto in_runtime = [&](const char* name) {
    return look_at(configuration.runtime_dir + '/' + name);
  };
  doctor::RuntimeFacts facts{.directory = look_at(configuration.runtime_dir),
                             .freezer_directory = in_runtime(runtime::kFreezerDirectory),
                             .slots = in_runtime(runtime::kSlots),
                             .open_slots = {},
                             .app_socket = in_runtime(runtime::kAppSocket),
                             .freezer_socket = in_runtime(runtime::kFreezerSocket),
                             .control_socket = in_runtime(runtime::kControlSocket),
                             .configuration = {}};
  facts.open_slots = freezer::count_open_slots(facts.slots.path);
  for (const std::string& file : configuration.files)
    facts.configuration.push_back(look_at(file));
  return facts;
}

doctor::ServiceManagerFacts service_manager() {
  doctor::ServiceManagerFacts facts;
  facts.systemd = exists("/run/systemd/system");
  if (!facts.systemd) return facts;
  std::vector<std::string> words{"systemctl", "show", "--no-pager", doctor::kUnitProperties};
  words.insert(words.end(), doctor::kUnits.begin(), doctor::kUnits.end());
  if (const auto text = platform::output_of(words, kSystemctlLimit)) {
    facts.units = doctor::parse_units(*text);
  }
  facts.silent = facts.units.empty();
  return facts;
}

// Nobody is asked where asking would start vssd.
doctor::VssdFacts vssd(Session& session, const doctor::Facts& known) {
  const std::string socket = session.configuration.runtime_dir + '/' + runtime::kControlSocket;
  const bool seen = runs(known.processes, "vssd");
  if (!doctor::starts_vssd(known.manager, seen, socket)) return ask_vssd(session);
  doctor::VssdFacts facts;
  facts.unreachable = "vssd does not run; systemd may have " + socket + ", to start it when asked";
  return facts;
}

}  // namespace

doctor::Facts examine(Session& session) {
  const config::Configuration& configuration = session.configuration;
  doctor::Facts facts;
  facts.configuration = configuration;
  if (const auto user = platform::find_user(kServiceUser)) facts.service_user = user->user_id;
  facts.socket_group = platform::find_group(configuration.socket_group);
  facts.manager = service_manager();
  facts.processes = processes();
  facts.vssd = vssd(session, facts);
  if (facts.vssd.status) facts.vssd.process = vssd_process(facts.processes, facts.vssd.process);
  facts.kernel = kernel();
  facts.door = door(facts.kernel.release);
  facts.nodes = nodes();
  facts.runtime = runtime_files(configuration);
  // journald writes to a disk where this directory is, unless it was told otherwise.
  if (runs(facts.processes, "systemd-journal")) facts.logs.journal = real_path("/var/log/journal");
  facts.logs.audit = real_path("/var/log/audit");
  return facts;
}

}  // namespace vss::operators
