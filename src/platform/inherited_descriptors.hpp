// What a service manager hands to a service that it starts (sd_listen_fds(3)), without its library.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

// By the names in LISTEN_FDNAMES.
struct InheritedDescriptors {
  std::map<std::string, base::UniqueFd> sockets;               // that listen
  std::map<std::string, std::vector<base::UniqueFd>> devices;  // open ones, of the manager's store
};

// The variables are taken out of the environment. Empty without a service manager. An error names
// one that is neither a listening SOCK_SEQPACKET socket nor a character device. Each is made
// non-blocking and close-on-exec. Call it once.
base::Result<InheritedDescriptors> inherited_descriptors();

}  // namespace vss::platform
