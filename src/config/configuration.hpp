// What the administrator decided: read once, validated whole, immutable from then on.
//
// Read at start by vssd (all of it) and vssctl (where the runtime directory is), before anything is
// armed: it opens files and allocates. The schema is docs/configuration.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/runtime_paths.hpp"
#include "base/time.hpp"
#include "coordinator/policy.hpp"
#include "wire/filesystems.hpp"

namespace vss::config {

// What the running kernel would do to a hold that is too long. Read by the caller, so that
// validation stays pure; a value that is not known stays as here and limits nothing.
struct KernelLimits {
  bool hung_task_panic = false;        // kernel.hung_task_panic is 1
  base::seconds hung_task_timeout{0};  // kernel.hung_task_timeout_secs; 0: off or not known
  base::seconds watchdog_timeout{0};   // of a running hardware watchdog, the shortest; 0: none
};

enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };

// Through which door a Hyper-V host is served.
enum class HyperVDoor : std::uint8_t {
  kAuto,   // kHvVss where this is a Hyper-V guest
  kHvVss,  // /dev/vmbus/hv_vss, which the kernel's hv_utils makes
  kUio,    // the channel itself, taken from the kernel by uio_hv_generic
  kOff,
};

// Whether vssd serves the two device nodes through CUSE.
enum class DeviceNodes : std::uint8_t {
  kAuto,  // where it can; why it cannot is said
  kOn,    // or it does not start
  kOff,
};

struct Configuration {
  std::string runtime_dir = base::runtime::kDirectoryDefault;     // absolute
  std::string state_dir = base::runtime::kStateDirectoryDefault;  // absolute
  std::string control_group = "vss-admin";  // may snapshot, hold, release, thaw; uid 0 always may
  std::string socket_group = "vss";         // may connect to app.sock
  LogLevel log_level = LogLevel::kInfo;
  HyperVDoor hyperv_door = HyperVDoor::kAuto;
  DeviceNodes device_nodes = DeviceNodes::kAuto;

  // What every request to the freezer carries; selection, paths and require come from the
  // requester.
  wire::FilesystemRequest filesystems;

  coordinator::Policy policy = coordinator::default_policy();

  // The longest hold that any request may ask for (`--hold-max`): the kernel's limits, less a
  // margin where there are any, else one hour.
  base::Duration hold_limit = base::seconds{3600};

  std::vector<std::string> files;  // that were read, in this order; empty: all is default
};

struct LoadOptions {
  // --config. Not given: kConfigDefault, which may be missing. Given: must exist.
  std::optional<std::string> file;
  // --runtime-dir, --state-dir: stand above the files.
  std::optional<std::string> runtime_dir;
  std::optional<std::string> state_dir;
  KernelLimits kernel;
};

// Reads the file, then conf.d/*.toml beside it in the order of their names. A later file replaces
// single values, adds to lists, and replaces a writer's rule of the same name. The error is kUsage
// and names everything that is wrong, one `file:line:column: …` a line.
base::Result<Configuration> load(const LoadOptions& options);

}  // namespace vss::config
