// The two device nodes: made while vssd is root, where it is started as root.
#include <errno.h>
#include <sys/stat.h>

#include <cstring>

#include "devices/cuse/node_interface.hpp"
#include "platform/directories.hpp"
#include "vssd_setup.hpp"

namespace vss::programs {
namespace {

constexpr mode_t kApplicationMode = 0660;

// As the installation's udev rule does it; for a machine that has no such rule. The filesystems'
// node stays as the kernel makes it, root's alone: who has it open is the freezer.
base::Status give_application_node(gid_t group) {
  const std::string path = std::string("/dev/") + devices::kApplicationNode;
  if (auto given = platform::give_to(path, {.user = 0, .group = group}); !given) return given;
  if (::chmod(path.c_str(), kApplicationMode) == 0) return {};
  return base::fail("cannot change the mode of " + path + ": " + std::strerror(errno), errno);
}

}  // namespace

base::Result<devices::Nodes> prepare_device_nodes(const config::Configuration& configuration,
                                                  const Identity& identity) {
  if (configuration.device_nodes == config::DeviceNodes::kOff) {
    return base::fail("devices.cuse is \"off\"");
  }
  auto nodes = devices::make_nodes();
  const auto group = platform::find_group(configuration.socket_group);
  if (!nodes || !identity.was_root || !group) return nodes;
  if (auto given = give_application_node(*group); !given) return std::unexpected(given.error());
  return nodes;
}

}  // namespace vss::programs
