// Which driver has the VSS device: the kernel's own hv_utils, or uio_hv_generic, which gives the
// channel to a program. For vss-uio-bind, as root.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "platform/vmbus_devices.hpp"

namespace vss::platform {

// Writes the whole text into an attribute; 0 or errno. May block: an unbind from hv_utils waits
// until nobody has /dev/vmbus/hv_vss open.
int write_attribute(const std::string& path, std::string_view text);

struct VmbusSysfs {
  std::string root = kSysfs;
  std::string release = kernel_release();
  std::function<int(const std::string&, std::string_view)> write =
      write_attribute;  // tests: theirs
};

// Each says in one line what it did, and restore in a second one what no unbinding undoes; done
// already is success. An error names file, errno and remedy, and leaves the device as it was, or
// says that it could not. Not freeze-safe.
base::Result<std::string> bind_vss_to_uio(const VmbusSysfs& sysfs);
base::Result<std::string> restore_vss_to_kernel(const VmbusSysfs& sysfs);

// In one line where the device is.
std::string standing_of(const VssDevice& device);

}  // namespace vss::platform
