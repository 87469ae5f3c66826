#include "platform/credentials.hpp"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace vss::platform {
namespace {

base::Status never_gain_rights() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) return {};
  return base::fail(std::string("cannot set no_new_privs: ") + std::strerror(errno), errno);
}

}  // namespace

bool peer_in_group(int socket, const PeerCredentials& peer, gid_t group) {
  if (peer.group_id == group) return true;
  // NGROUPS_MAX is 65536; a user with more than a thousand groups is not looked at further.
  std::array<gid_t, 1024> groups;
  socklen_t size = sizeof groups;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return false;
  const auto end = groups.begin() + size / sizeof(gid_t);
  return std::find(groups.begin(), end, group) != end;
}

std::optional<gid_t> find_group(const std::string& name) {
  const group* found = ::getgrnam(name.c_str());
  return found == nullptr ? std::nullopt : std::optional{found->gr_gid};
}

std::optional<User> find_user(const std::string& name) {
  const passwd* found = ::getpwnam(name.c_str());
  if (found == nullptr) return std::nullopt;
  return User{.name = name, .user_id = found->pw_uid, .group_id = found->pw_gid};
}

base::Status become_user(const User& user) {
  ::capng_get_caps_process();
  const bool may_lock = ::capng_have_capability(CAPNG_PERMITTED, CAP_IPC_LOCK) == 1;
  ::capng_clear(CAPNG_SELECT_BOTH);
  if (may_lock) {
    ::capng_update(CAPNG_ADD, CAPNG_PERMITTED, CAP_IPC_LOCK);
    ::capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, CAP_IPC_LOCK);
  }
  const int failed = ::capng_change_id(static_cast<int>(user.user_id),
                                       static_cast<int>(user.group_id), CAPNG_INIT_SUPP_GRP);
  if (failed != 0) {
    return base::fail("cannot become user " + user.name + ": " + std::strerror(errno) + " (step " +
                          std::to_string(failed) + " of capng_change_id(3))",
                      errno);
  }
  return never_gain_rights();
}

base::Status give_up_capabilities() {
  ::capng_clear(CAPNG_SELECT_CAPS);  // the ambient ones go with the permitted
  if (::capng_apply(CAPNG_SELECT_CAPS) != 0) {
    return base::fail(std::string("cannot give up capabilities: ") + std::strerror(errno), errno);
  }
  return never_gain_rights();
}

}  // namespace vss::platform
