// The backup channel of a Hyper-V host (its VSS device) on the guest's VMBus, as sysfs shows it.
//
// Source: Linux Documentation/ABI/stable/sysfs-bus-vmbus, Documentation/driver-api/uio-howto.rst.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace vss::platform {

inline constexpr const char* kSysfs = "/sys";
inline constexpr const char* kUioDriver = "uio_hv_generic";
inline constexpr const char* kKernelVssDriver = "hv_utils";

struct VssDevice {
  std::string instance;        // the directory's name: a GUID
  std::string driver;          // empty: none has it
  std::string uio;             // "uio0"; empty: uio_hv_generic does not have it
  std::size_t ring_bytes = 0;  // of both rings together (map 0); 0: not known
  bool monitored = false;      // signals to the host go through a monitor page
};

// The VSS device below `sysfs`, by its class; nothing: there is none. Called while setting up, and
// by a link that opens. Not freeze-safe: opens by path.
std::optional<VssDevice> find_vss_device(const std::string& sysfs = kSysfs);

// Error: a kernel of this release (uname -r) cannot serve a VSS channel through uio_hv_generic;
// kPrerequisite, in one sentence. A release that cannot be read is no reason to refuse. Pure.
base::Status check_uio_release(std::string_view release);
std::string kernel_release();

// What has to be opened to speak with the host.
struct UioNode {
  std::string path;            // "/dev/uio0"
  std::size_t ring_bytes = 0;  // both rings
};

// Error: it cannot be opened now, and what to do; one sentence. Not freeze-safe.
base::Result<UioNode> find_vss_uio(const std::string& sysfs = kSysfs,
                                   const std::string& release = kernel_release());

}  // namespace vss::platform
