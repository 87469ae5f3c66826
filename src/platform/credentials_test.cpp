#include "platform/credentials.hpp"

#include <grp.h>
#include <gtest/gtest.h>
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

}  // namespace
}  // namespace vss::platform
