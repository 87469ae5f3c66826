#include "platform/credentials.hpp"

#include <cap-ng.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vss::platform {
namespace {

TEST(Credentials, FindsWhoEverySystemHasAndNobodyElse) {
  EXPECT_EQ(find_user("root")->user_id, 0U);
  EXPECT_EQ(find_group("root"), gid_t{0});
  EXPECT_FALSE(find_user("no such user"));
  EXPECT_FALSE(find_group("no such group"));
}

TEST(Credentials, APeerIsInItsOwnGroupOnly) {
  const auto pair = socket_pair();
  const auto peer = peer_credentials(pair->first.get());
  EXPECT_TRUE(peer_in_group(pair->first.get(), *peer, ::getegid()));
  EXPECT_FALSE(peer_in_group(pair->first.get(), *peer, 54321));
}

// In a child, as it cannot be undone; as root only, as nobody else can.
template <typename Body>
void in_child_as_root(Body body) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Credentials, APeersSupplementaryGroupsCount) {
  in_child_as_root([] {
    const gid_t group = 54321;
    ASSERT_EQ(::setgroups(1, &group), 0);
    const auto pair = socket_pair();
    EXPECT_TRUE(peer_in_group(pair->first.get(), *peer_credentials(pair->first.get()), group));
  });
}

TEST(Credentials, RootIsGivenUpForGood) {
  in_child_as_root([] {
    const auto became = become_user(*find_user("nobody"));
    ASSERT_TRUE(became) << became.error().message;
    EXPECT_EQ(::geteuid(), find_user("nobody")->user_id);
    EXPECT_NE(::setuid(0), 0);
    EXPECT_NE(::setgid(0), 0);
  });
}

// As a service manager starts vssd: not root, and with a capability that is lent.
TEST(Credentials, WhatAServiceManagerLentIsGivenUp) {
  in_child_as_root([] {
    ASSERT_EQ(::prctl(PR_SET_KEEPCAPS, 1), 0);
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    ::capng_clear(CAPNG_SELECT_CAPS);
    for (const auto kind : {CAPNG_EFFECTIVE, CAPNG_PERMITTED, CAPNG_INHERITABLE})
      ASSERT_EQ(::capng_update(CAPNG_ADD, kind, CAP_SYS_ADMIN), 0);
    ASSERT_EQ(::capng_apply(CAPNG_SELECT_CAPS), 0);
    ASSERT_EQ(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0), 0);
    ASSERT_TRUE(give_up_capabilities());
    ::capng_get_caps_process();
    EXPECT_EQ(::capng_have_capabilities(CAPNG_SELECT_CAPS), CAPNG_NONE);
    EXPECT_EQ(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_SYS_ADMIN, 0, 0), 0);
    EXPECT_EQ(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
  });
}

}  // namespace
}  // namespace vss::platform
