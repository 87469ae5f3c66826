// Which doors to hosts vssd opens, and what has to be done for them while it is root.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "base/runtime_paths.hpp"
#include "platform/clock.hpp"
#include "platform/directories.hpp"
#include "platform/vmbus_devices.hpp"
#include "records/times.hpp"
#include "vssd_setup.hpp"

namespace vss::programs {
namespace {

constexpr const char* kHvVssDevice = "/dev/vmbus/hv_vss";

// "2026-11-22 18:05:10 UTC" as programs read it.
std::string machine_readable(std::string utc) {
  if (utc.size() < 19) return utc;
  utc[10] = 'T';
  return utc.substr(0, 19) + 'Z';
}

// A new file: a trace that is there already is not written over.
base::Result<driver::Trace> open_trace(const std::string& path, const char* door) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  base::UniqueFd file{::open(path.c_str(), kFlags, 0600)};
  if (!file) {
    return base::fail("--capture: cannot make " + path + ": " + std::strerror(errno) +
                          (errno == EEXIST ? "; name a new file" : ""),
                      errno);
  }
  return driver::Trace(std::move(file), door,
                       machine_readable(records::utc_text(platform::wall_clock_seconds())),
                       platform::now());
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// The node may come later than vssd, with hv_utils; then the device is on the bus already.
bool is_offered_vss() {
  return exists(kHvVssDevice) || platform::find_vss_device().has_value();
}

// One that is not there may come later; one that can never be the device is a mistake.
base::Status check_named_device(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0 || S_ISCHR(info.st_mode)) return {};
  return base::fail_usage("--hv-vss-device: " + path +
                          " is no character device; name /dev/vmbus/hv_vss, or leave it out");
}

// A device that the command line names is served whatever the configuration says.
void choose_hyperv_door(driver::HostDoors& doors, config::HyperVDoor configured,
                        const VssdOptions& options) {
  using config::HyperVDoor;
  if (options.hv_vss_device) {
    doors.hv_vss_device = *options.hv_vss_device;
  } else if (configured == HyperVDoor::kUio) {
    doors.uio = true;
  } else if (configured == HyperVDoor::kHvVss ||
             (configured == HyperVDoor::kAuto && is_offered_vss())) {
    doors.hv_vss_device = kHvVssDevice;
  }
}

// The kernel makes its devices for root. Where the installation's rule has not given them away yet,
// this does it for the one that is there now. What stands in for a device is not touched.
base::Status give_device(const driver::HostDoors& doors, const platform::User& user) {
  std::string path;
  if (doors.hv_vss_device == kHvVssDevice) path = kHvVssDevice;
  if (doors.uio) {
    if (const auto node = platform::find_vss_uio()) path = node->path;
  }
  if (path.empty() || !exists(path)) return {};
  return platform::give_to(path, {.user = user.user_id, .group = std::nullopt});
}

// A trace is of one door: its lines do not say which.
base::Result<driver::Trace> make_trace(const std::string& path, const driver::HostDoors& doors) {
  const bool hv_vss = !doors.hv_vss_device.empty();
  const int open =
      (hv_vss ? 1 : 0) + (doors.uio ? 1 : 0) + (doors.shared_memory_socket.empty() ? 0 : 1);
  if (open > 1) {
    return base::fail_usage(
        "--capture: a trace is of one door, and two are open: leave out --vmbus-shm, or set "
        "hyperv.door = \"off\"");
  }
  if (open == 0) {
    return base::fail_usage(
        "--capture: there is no door to a host: this is no Hyper-V guest; see --vmbus-shm");
  }
  return open_trace(path, hv_vss ? "hv_vss" : "vmbus");
}

}  // namespace

base::Result<driver::HostDoors> prepare_host_doors(const config::Configuration& configuration,
                                                   const VssdOptions& options,
                                                   const Identity& identity, Warnings& warnings) {
  driver::HostDoors doors;
  if (options.hv_vss_device) {
    if (auto good = check_named_device(*options.hv_vss_device); !good) {
      return std::unexpected(good.error());
    }
  }
  choose_hyperv_door(doors, configuration.hyperv_door, options);
  if (options.shared_memory_socket) {
    const std::string& path = *options.shared_memory_socket;
    doors.shared_memory_socket =
        path.empty() ? configuration.runtime_dir + "/" + base::runtime::kHostSocket : path;
  }
  doors.host_users.push_back(0);
  if (!identity.was_root) doors.host_users.push_back(::geteuid());
  if (identity.become) {
    if (auto given = give_device(doors, *identity.become); !given) {
      return std::unexpected(given.error());
    }
  }
  if (options.trace_file) {
    auto trace = make_trace(*options.trace_file, doors);
    if (!trace) return std::unexpected(trace.error());
    doors.trace = std::move(*trace);
    if (!doors.hv_vss_device.empty()) {
      warnings.add(
          "--capture: through /dev/vmbus/hv_vss a trace has the kernel's messages of 12 bytes "
          "only; "
          "hyperv.door = \"uio\" shows the host's packets");
    }
  }
  return doors;
}

}  // namespace vss::programs
