#include "platform/mount_namespaces.hpp"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "platform/mount_identity.hpp"

namespace vss::platform {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;

TEST(MountNamespaces, OneProcessOfEach) {
  const fs::path proc = fs::path(testing::TempDir()) / ("namespaces." + std::to_string(::getpid()));
  const auto process = [&](const std::string& id, const std::string& space) {
    fs::create_directories(proc / id / "ns");
    if (!space.empty()) fs::create_symlink("mnt:[" + space + "]", proc / id / "ns/mnt");
    std::ofstream(proc / id / "comm") << "name" << id << "\n";
  };
  process("1", "100");
  process("12", "200");
  process("7", "100");
  process("9", "200");
  process("8", "");  // it has ended
  process("self", "300");
  const auto found = list_mount_namespaces(proc);
  fs::remove_all(proc);
  ASSERT_TRUE(found);
  EXPECT_THAT(
      *found,
      ElementsAre(AllOf(Field(&MountNamespace::id, 100), Field(&MountNamespace::process, 1)),
                  AllOf(Field(&MountNamespace::id, 200), Field(&MountNamespace::process, 9),
                        Field(&MountNamespace::name, "name9"))));
}

TEST(MountNamespaces, OwnIsAmongThoseOfThisMachine) {
  const auto own = identify("/proc/self/ns/mnt");
  const auto found = list_mount_namespaces();
  if (!found && found.error().os_errno == EACCES) GTEST_SKIP() << found.error().message;
  ASSERT_TRUE(own && found);
  EXPECT_THAT(*found, Contains(Field(&MountNamespace::id, own->inode)));
}

TEST(MountNamespaces, WithoutProcNothingIsKnown) {
  EXPECT_FALSE(list_mount_namespaces("/nowhere"));
}

}  // namespace
}  // namespace vss::platform
