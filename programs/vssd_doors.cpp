// Which doors to hosts vssd opens, and what has to be done for them while it is root.
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/runtime_paths.hpp"
#include "platform/clock.hpp"
#include "platform/directories.hpp"
#include "records/text_table.hpp"
#include "vssd_setup.hpp"

namespace vss::programs {
namespace {

constexpr const char* kHvVssDevice = "/dev/vmbus/hv_vss";
constexpr const char* kVmBus = "/sys/bus/vmbus";  // of a kernel that runs on Hyper-V

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

std::string device_of(const config::Configuration& configuration, const VssdOptions& options) {
  using config::HyperVDoor;
  if (options.hv_vss_device) return *options.hv_vss_device;
  const HyperVDoor door = configuration.hyperv_door;
  const bool serve =
      door == HyperVDoor::kHvVss || (door == HyperVDoor::kAuto && ::access(kVmBus, F_OK) == 0);
  return serve ? kHvVssDevice : "";
}

}  // namespace

base::Result<driver::HostDoors> prepare_host_doors(const config::Configuration& configuration,
                                                   const VssdOptions& options,
                                                   const Identity& identity) {
  driver::HostDoors doors;
  doors.hv_vss_device = device_of(configuration, options);
  if (options.shared_memory_socket) {
    const std::string& path = *options.shared_memory_socket;
    doors.shared_memory_socket =
        path.empty() ? configuration.runtime_dir + "/" + base::runtime::kHostSocket : path;
  }
  doors.host_users.push_back(0);
  if (!identity.was_root) doors.host_users.push_back(::geteuid());
  // The kernel makes the device for root. Where the installation's rule has not given it away yet,
  // this does it for the device that is there now.
  if (identity.become && !doors.hv_vss_device.empty() &&
      ::access(doors.hv_vss_device.c_str(), F_OK) == 0) {
    // The device itself, where a symbolic link leads to it.
    std::error_code error;
    const std::string device = std::filesystem::canonical(doors.hv_vss_device, error).string();
    auto given =
        platform::give_to(device, {.user = identity.become->user_id, .group = std::nullopt});
    if (!given) return std::unexpected(given.error());
  }
  if (options.trace_file) {
    const bool ring = !doors.shared_memory_socket.empty();
    if (ring && !doors.hv_vss_device.empty()) {
      return base::fail_usage(
          "--capture: a trace is of one door, and two are open: leave out --vmbus-shm, or set "
          "hyperv.door = \"off\"");
    }
    if (!ring && doors.hv_vss_device.empty()) {
      return base::fail_usage(
          "--capture: there is no door to a host: this is no Hyper-V guest; see --vmbus-shm");
    }
    auto trace = open_trace(*options.trace_file, ring ? "vmbus" : "hv_vss");
    if (!trace) return std::unexpected(trace.error());
    doors.trace = std::move(*trace);
  }
  return doors;
}

}  // namespace vss::programs
