#include "platform/directories.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace vss::platform {
namespace {

class Directories : public testing::Test {
 protected:
  Directories() { EXPECT_NE(::mkdtemp(root_.data()), nullptr); }
  ~Directories() override { EXPECT_EQ(::system(("rm -r " + root_).c_str()), 0); }
  std::string path(const char* name) const { return root_ + "/" + name; }
  std::string root_ = "/tmp/vss-directories-XXXXXX";
};

TEST_F(Directories, AreMadeWithTheirModeOrTakenAndCorrected) {
  ASSERT_TRUE(make_directory(path("driver"), 0700, {}));
  ::chmod(path("driver").c_str(), 0777);
  ASSERT_TRUE(make_directory(path("driver"), 0700, {}));
  struct stat status{};
  ::stat(path("driver").c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
}

TEST_F(Directories, ThatAreLinksOrFilesAreRefused) {
  ASSERT_EQ(::symlink("/tmp", path("link").c_str()), 0);
  EXPECT_FALSE(make_directory(path("link"), 0700, {}));
  EXPECT_FALSE(make_directory(path("no/such/parent"), 0700, {}));
}

TEST_F(Directories, AreLockedByOneInstanceAtATime) {
  auto first = lock_directory(root_);
  ASSERT_TRUE(first);
  const auto second = lock_directory(root_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another vssd"), std::string::npos);
  first->reset();
  EXPECT_TRUE(lock_directory(root_));
}

}  // namespace
}  // namespace vss::platform
