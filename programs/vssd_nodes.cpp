// The two device nodes and the kernel's log: of what the service manager hands in, or opened while
// vssd is root.
#include <errno.h>
#include <sys/stat.h>

#include <cstring>

#include "devices/cuse/node_interface.hpp"
#include "platform/console.hpp"
#include "platform/cuse_access.hpp"
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
                                                  const Identity& identity,
                                                  platform::ServiceNotifier& manager,
                                                  std::vector<base::UniqueFd> cuse) {
  // Whether they are used or not; and before: a copy would keep the clients of a killed vssd
  // waiting.
  if (!cuse.empty()) {
    if (auto forgotten = manager.forget(platform::kHandedInCuse); !forgotten) {
      return base::fail("descriptors of /dev/cuse were handed in, and are still kept: " +
                        forgotten.error().message);
    }
  }
  if (configuration.device_nodes == config::DeviceNodes::kOff) {
    return base::fail("devices.cuse is \"off\"");
  }
  auto nodes = devices::make_nodes(std::move(cuse));
  const auto group = platform::find_group(configuration.socket_group);
  if (!nodes || !identity.was_root || !group) return nodes;
  if (auto given = give_application_node(*group); !given) return std::unexpected(given.error());
  return nodes;
}

base::UniqueFd prepare_kernel_log(platform::ServiceNotifier& manager,
                                  std::vector<base::UniqueFd> handed_in) {
  if (!handed_in.empty()) {
    // A copy that is kept all the same does no harm: nobody waits at it.
    [[maybe_unused]] const auto forgotten = manager.forget(platform::kHandedInKernelLog);
    return std::move(handed_in.front());
  }
  auto opened = platform::open_kernel_log();
  return opened ? std::move(*opened) : base::UniqueFd{};
}

}  // namespace vss::programs
