// The two nodes' names and ioctls, as include/vss/hv_snapshot.h gives them to clients.
#pragma once

#include <sys/ioctl.h>

#include "devices/session.hpp"
#include "wire/device_message.hpp"

namespace vss::devices {

inline constexpr const char* kApplicationNode = "hv_appvss_dev";
inline constexpr const char* kFilesystemNode = "hv_fsvss_dev";

constexpr const char* node_name(Kind kind) {
  return kind == Kind::kApplication ? kApplicationNode : kFilesystemNode;
}

inline constexpr unsigned kIoctlRead = _IOR('v', 2, wire::DeviceMessage);
inline constexpr unsigned kIoctlWrite = _IOW('v', 3, wire::DeviceMessage);

}  // namespace vss::devices
