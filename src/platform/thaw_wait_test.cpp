#include "platform/thaw_wait.hpp"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/unique_fd.hpp"

namespace vss::platform {
namespace {

// That it sleeps where something is frozen is tried in virtual machines (tests/vm/cuse_test.py).
TEST(ThawWait, ReturnsWhereNothingIsFrozenAndChangesNothing) {
  std::string name = (std::filesystem::temp_directory_path() / "openvss-thaw-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  std::filesystem::create_directory(name + "/" + std::string(255, '-'));
  const base::UniqueFd directory(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  wait_for_thaw(directory.get());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(name), {}), 1);
  std::filesystem::remove_all(name);
}

}  // namespace
}  // namespace vss::platform
