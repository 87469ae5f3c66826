// vssd: the driver. Parses, sets up, gives up root, serves.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/exit_status.hpp"
#include "command_line.hpp"
#include "config/nearest_name.hpp"
#include "platform/console.hpp"
#include "platform/cuse_access.hpp"
#include "platform/inherited_descriptors.hpp"
#include "vssd_setup.hpp"

namespace vss::programs {
namespace {

constexpr base::Duration kHelpersStopAtMost = base::seconds{45};

int failed(const base::Error& error) {
  std::fprintf(stderr, "vssd: %s\n", error.message.c_str());
  return base::exit_status_of(error);
}

void add_options(CLI::App& app, VssdOptions& options) {
  static constexpr std::array<std::string_view, 4> kLevels{"error", "warning", "info", "debug"};
  app.add_option("--runtime-dir", options.load.runtime_dir,
                 "sockets and notes, on tmpfs (default /run/openvss)");
  app.add_option("--state-dir", options.load.state_dir, "records (default /var/lib/openvss)");
  app.add_option("--config", options.load.file, "default /etc/openvss/openvss.toml");
  app.add_option_function<std::string>(
      "--log-level",
      [&options](const std::string& word) {
        const auto found = std::ranges::find(kLevels, std::string_view(word));
        if (found == kLevels.end()) {
          throw CLI::ValidationError(
              "--log-level", "cannot be `" + word + '`' + config::allowed_names(word, kLevels));
        }
        options.log_level = static_cast<config::LogLevel>(found - kLevels.begin());
      },
      "error, warning, info or debug");
  CLI::Option* spawn = app.add_flag(
      "--spawn", options.spawn, "start vss-guardian and vss-freezer too; for trials (needs root)");
  app.add_option("--freezer-option", options.freezer_options,
                 "with --spawn, repeatable: for vss-freezer, as in --freezer-option=--only=/srv")
      ->allow_extra_args(false)
      ->needs(spawn);
  app.add_option("--vmbus-shm", options.shared_memory_socket,
                 "serve a host that shares memory, as vss-hostsim does; PATH of its socket\n"
                 "(default vmbus.sock in the runtime directory)")
      ->expected(0, 1)
      ->type_name("[PATH]");
  app.add_option("--hv-vss-device", options.hv_vss_device,
                 "serve Hyper-V through this device (default: by hyperv.door, /dev/vmbus/hv_vss)")
      ->check(CLI::Validator(
          [](const std::string& path) { return path.empty() ? "name a device" : ""; }, "PATH"));
  app.add_option("--capture", options.trace_file,
                 "write every message of the host and every answer to this new file");
  app.add_flag("--check-config", options.check_configuration, "read the configuration and exit");
  app.set_version_flag("--version", "vssd " OPENVSS_VERSION);
  app.footer(
      "SIGTERM ends what is open and stops. The configuration is read once: restart to\n"
      "change it. Exit status: 0 stopped as asked, 1 failed, 2 usage or configuration,\n"
      "77 root or a prerequisite is missing.");
}

driver::DriverOptions driver_options(std::optional<gid_t> administrators, const Identity& identity,
                                     base::TransactionId on_page, int kernel_log,
                                     Warnings& warnings) {
  driver::DriverOptions options;
  options.version = OPENVSS_VERSION;
  options.warnings = warnings.all();
  options.last_thawed = on_page;
  options.administrator_group = administrators;
  options.kernel_log = kernel_log;
  if (!identity.was_root) options.administrator_user = ::geteuid();
  return options;
}

void obey_signals(platform::EventLoop& loop, driver::Log& log, driver::Driver& driver) {
  loop.handle_signals({SIGTERM, SIGINT, SIGHUP}, [&](int number) {
    if (number == SIGHUP) {
      log.warning("SIGHUP: the configuration is read once; restart vssd to change it");
    } else {
      driver.shut_down();
    }
  });
}

// In the order that safety asks for: what is wrong is found before anything is made, the helpers
// are forked before memory is locked and before the nodes are made (a child that inherits a node's
// connection would keep it open when vssd is killed), root is given up before anything is read from
// a socket.
int serve(const VssdOptions& options, const config::Configuration& configuration,
          platform::ServiceNotifier& notifier, Warnings& warnings) {
  if (options.spawn && ::geteuid() != 0) {
    return failed({.message = "--spawn needs root: freezer and guardian freeze filesystems",
                   .kind = base::ErrorKind::kPrerequisite});
  }
  const Identity identity = choose_identity(warnings);
  const auto lock = set_up_runtime_directory(configuration, identity);
  if (!lock) return failed(lock.error());
  auto note = open_note(configuration, identity);
  if (!note) return failed(note.error());
  auto inherited = platform::inherited_descriptors();
  if (!inherited) return failed(inherited.error());
  auto sockets = Sockets::make(configuration, identity, std::move(inherited->sockets), warnings);
  if (!sockets) return failed(sockets.error());
  if (auto made = set_up_state_directory(configuration, identity); !made) {
    return failed(made.error());
  }
  auto doors = prepare_host_doors(configuration, options, identity, warnings);
  if (!doors) return failed(doors.error());
  const base::TransactionId on_page = last_thawed_on_page(configuration);
  const auto administrators = platform::find_group(configuration.control_group);

  const base::UniqueFd kernel_log =
      prepare_kernel_log(notifier, std::move(inherited->devices[platform::kHandedInKernelLog]));

  std::optional<platform::Keeper> keeper;
  if (options.spawn) {
    auto started = start_helpers(configuration, options);
    if (!started) return failed(started.error());
    keeper = std::move(*started);
  }
  auto nodes = prepare_device_nodes(configuration, identity, notifier,
                                    std::move(inherited->devices[platform::kHandedInCuse]));
  if (!nodes && configuration.device_nodes == config::DeviceNodes::kOn) {
    return failed(nodes.error());
  }
  if (auto reserved = reserve_resources(configuration, identity, warnings); !reserved) {
    return failed(reserved.error());
  }
  const auto reduced =
      identity.become ? platform::become_user(*identity.become) : platform::give_up_capabilities();
  if (!reduced) return failed(reduced.error());
  auto store = records::RecordStore::open(configuration.state_dir);
  if (!store) return failed(store.error());
  for (const std::string& warning : store->warnings())
    warnings.add(warning);

  platform::EventLoop loop;
  driver::Log log(STDERR_FILENO, static_cast<base::LogSeverity>(configuration.log_level));
  driver::Driver driver(loop, notifier, log, configuration,
                        driver_options(administrators, identity, on_page,
                                       kernel_log ? kernel_log.get() : -1, warnings),
                        driver::NoteFile(std::move(*note)), std::move(*store));
  driver.add_doors(std::move(*doors));
  driver.add_nodes(std::move(nodes));
  obey_signals(loop, log, driver);
  driver.serve(sockets->take());
  loop.run();
  // First, since they thaw; what is said of it goes the log's way, which no frozen disk stops.
  const bool helpers_ended = !keeper || keeper->stop(kHelpersStopAtMost);
  if (!helpers_ended) log.error("freezer or guardian has not ended yet; see vss-freezer --thaw");
  log.flush_at_end(driver.disks_may_be_frozen());
  return helpers_ended ? base::kExitYes : base::kExitNo;
}

int run(int argc, char** argv) {
  VssdOptions options;
  CLI::App app(
      "The driver of OpenVSS: carries requests for a shadow copy to applications and\n"
      "the freezer, and everything back within the deadline.",
      "vssd");
  add_options(app, options);
  if (const auto status = parse(app, argc, argv)) return *status;
  ::signal(SIGPIPE, SIG_IGN);
  platform::ServiceNotifier manager;
  Warnings warnings;
  auto configuration = load_configuration(options);
  if (!configuration) {
    if (options.check_configuration || !manager.connected()) return failed(configuration.error());
    configuration = refusing_configuration(options, configuration.error(), manager, warnings);
  }
  if (options.check_configuration) {
    for (const std::string& file : configuration->files)
      std::printf("read %s\n", file.c_str());
    std::puts("the configuration is good");
    return base::kExitYes;
  }
  return serve(options, *configuration, manager, warnings);
}

}  // namespace
}  // namespace vss::programs

int main(int argc, char** argv) {
  return vss::programs::run(argc, argv);
}
