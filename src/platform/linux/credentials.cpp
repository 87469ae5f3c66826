#include "platform/credentials.hpp"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace vss::platform {

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
  const auto failed = [&](const char* what) {
    return base::fail(std::string(what) + " of user " + user.name + ": " + std::strerror(errno),
                      errno);
  };
  if (::initgroups(user.name.c_str(), user.group_id) != 0) return failed("cannot take the groups");
  if (::setresgid(user.group_id, user.group_id, user.group_id) != 0) {
    return failed("cannot take the group id");
  }
  if (::setresuid(user.user_id, user.user_id, user.user_id) != 0) {
    return failed("cannot take the user id");
  }
  if (::setuid(0) == 0) return base::fail("root could be taken again after giving it up");
  return {};
}

}  // namespace vss::platform
