// Users and groups: who a peer is beyond its user id, and what a name means.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.hpp"
#include "platform/socket.hpp"

namespace vss::platform {

// The peer's group id is `group`, or one of its supplementary groups at connect(2) was.
// Freeze-safe: asks the kernel only.
bool peer_in_group(int socket, const PeerCredentials& peer, gid_t group);

// By name, through NSS: while setting up, never while anything is frozen.
std::optional<gid_t> find_group(const std::string& name);
struct User {
  std::string name;
  uid_t user_id = 0;
  gid_t group_id = 0;
};
std::optional<User> find_user(const std::string& name);

// Gives up root for good: takes the user's groups and ids, and nothing that is executed later
// can gain rights. CAP_IPC_LOCK alone is kept where it was there: memory that is taken later must
// stay lockable. Not freeze-safe. A caller that gets an error must exit.
base::Status become_user(const User& user);

// Of a process that is not root: gives up the capabilities that a service manager lent it for
// setting up, and as above gains none again. Not freeze-safe.
base::Status give_up_capabilities();

}  // namespace vss::platform
