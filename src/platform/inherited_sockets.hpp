// Listening sockets made by a service manager (sd_listen_fds(3)), without its library.
#pragma once

#include <map>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

// By the names in LISTEN_FDNAMES; the variables are taken out of the environment. Empty without a
// service manager's sockets. An error names one that is no listening SOCK_SEQPACKET socket. Each is
// made non-blocking and close-on-exec. Call it once, before anything opens a descriptor.
base::Result<std::map<std::string, base::UniqueFd>> inherited_sockets();

}  // namespace vss::platform
