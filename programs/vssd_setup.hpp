// What vssd does once, before it serves: everything that opens by path, needs root or may wait.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/configuration.hpp"
#include "driver/driver.hpp"
#include "platform/credentials.hpp"
#include "platform/keeper.hpp"
#include "platform/service_notifier.hpp"

namespace vss::programs {

struct VssdOptions {
  config::LoadOptions load;
  std::optional<config::LogLevel> log_level;
  std::optional<std::string> shared_memory_socket;  // empty: the default
  std::optional<std::string> hv_vss_device;
  std::optional<std::string> trace_file;
  bool check_configuration = false;
  bool spawn = false;
  std::vector<std::string> freezer_options;  // --only=PATH, --allow-root, …
};

// Who vssd becomes; as whom it was started is nobody's business afterwards.
struct Identity {
  std::optional<platform::User> become;  // root only
  bool was_root = false;
};

// Says once, on standard error and in `warnings`, what is not as it should be.
class Warnings {
 public:
  void add(const std::string& text);
  std::vector<std::string>& all() { return all_; }

 private:
  std::vector<std::string> all_;
};

base::Result<config::Configuration> load_configuration(const VssdOptions& options);

// What a vssd goes on with that a service manager has started and whose files say nothing that can
// be used: the defaults, and a veto to every transaction, with what is wrong. So hosts are told no
// at once, and the sockets stay open for the vssd that is started after the correction.
config::Configuration refusing_configuration(const VssdOptions& options, const base::Error& wrong,
                                             platform::ServiceNotifier& manager,
                                             Warnings& warnings);

Identity choose_identity(Warnings& warnings);

// The runtime directory with driver/ in it; the lock lasts as long as the descriptor.
base::Result<base::UniqueFd> set_up_runtime_directory(const config::Configuration& configuration,
                                                      const Identity& identity);
base::Result<base::UniqueFd> open_note(const config::Configuration& configuration,
                                       const Identity& identity);

using InheritedSockets = std::map<std::string, base::UniqueFd>;

// The three sockets. Those that were made here, not inherited, are removed from the directory again
// when this goes away: where root was given up in between they stay, and the next vssd replaces
// them.
class Sockets {
 public:
  Sockets() = default;
  Sockets(Sockets&&) = default;
  Sockets& operator=(Sockets&&) = delete;
  ~Sockets();

  static base::Result<Sockets> make(const config::Configuration& configuration,
                                    const Identity& identity, InheritedSockets inherited,
                                    Warnings& warnings);
  driver::DriverSockets take() { return std::move(sockets_); }

 private:
  driver::DriverSockets sockets_;
  std::vector<std::string> made_;
};
base::Status set_up_state_directory(const config::Configuration& configuration,
                                    const Identity& identity);

// Which doors to hosts are to be opened, by command line, configuration and machine; opens the
// trace's file. The device is given to whom vssd becomes.
base::Result<driver::HostDoors> prepare_host_doors(const config::Configuration& configuration,
                                                   const VssdOptions& options,
                                                   const Identity& identity, Warnings& warnings);

// The two device nodes, given to root and to the group that may run writers, or why there are none.
// `cuse`: what the service manager has handed in; it is made to forget them first. After
// start_helpers(): what a child inherits would outlive vssd.
base::Result<devices::Nodes> prepare_device_nodes(const config::Configuration& configuration,
                                                  const Identity& identity,
                                                  platform::ServiceNotifier& manager,
                                                  std::vector<base::UniqueFd> cuse);

// /dev/kmsg for writing: `handed_in`, of which the service manager is made to forget its copy, or
// opened here. Invalid where neither is possible: standard error has to do.
base::UniqueFd prepare_kernel_log(platform::ServiceNotifier& manager,
                                  std::vector<base::UniqueFd> handed_in);

// What the thawed page of an earlier freezer shows; none where it cannot be read.
base::TransactionId last_thawed_on_page(const config::Configuration& configuration);

base::Result<platform::Keeper> start_helpers(const config::Configuration& configuration,
                                             const VssdOptions& options);

// Descriptors for every writer, and memory that may be locked; then locks it.
base::Status reserve_resources(const config::Configuration& configuration, const Identity& identity,
                               Warnings& warnings);

}  // namespace vss::programs
