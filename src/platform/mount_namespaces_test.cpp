#include "platform/mount_namespaces.hpp"

#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>

#include "platform/mount_identity.hpp"

namespace vss::platform {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::Optional;

class ListedNamespaces : public testing::Test {
 protected:
  ListedNamespaces()
      : proc_(fs::path(testing::TempDir()) / ("namespaces." + std::to_string(::getpid()))) {
    fs::create_directories(proc_);
  }
  ~ListedNamespaces() override { fs::remove_all(proc_); }

  void process(int id, const std::string& space, const std::string& root = "/") {
    const fs::path directory = proc_ / std::to_string(id);
    fs::create_directories(directory / "ns");
    if (!space.empty()) fs::create_symlink("mnt:[" + space + "]", directory / "ns/mnt");
    fs::create_symlink(root, directory / "root");
    std::ofstream(directory / "comm") << "name" << id << "\n";
  }
  static auto is(std::uint64_t id, auto processes) {
    return testing::AllOf(Field(&MountNamespace::id, id),
                          Field(&MountNamespace::processes, processes));
  }

  fs::path proc_;
};

TEST_F(ListedNamespaces, SomeProcessesOfEach) {
  process(1, "100");
  process(12, "200");
  process(7, "100");
  process(9, "200");
  process(8, "");  // it has ended
  fs::create_directories(proc_ / "self/ns");
  fs::create_symlink("mnt:[300]", proc_ / "self/ns/mnt");
  const auto listed = list_mount_namespaces(proc_);
  ASSERT_TRUE(listed);
  EXPECT_THAT(listed->found, ElementsAre(is(100, ElementsAre(1, 7)), is(200, ElementsAre(9, 12))));
  EXPECT_EQ(name_of_process(proc_ / "9"), "name9");
}

TEST_F(ListedNamespaces, ChrootedOnesComeLast) {
  process(3, "200", "/srv/jail");
  process(5, "200");
  process(6, "200", "/j");
  process(8, "200");
  const auto listed = list_mount_namespaces(proc_);
  ASSERT_TRUE(listed);
  EXPECT_THAT(listed->found, ElementsAre(is(200, ElementsAre(5, 8, 3, 6))));
}

TEST_F(ListedNamespaces, ManyChrootedOnesDoNotHideTheOneThatIsNot) {
  for (int id = 10; id < 30; ++id)
    process(id, "200", "/srv/jail");
  process(40, "200");
  const auto listed = list_mount_namespaces(proc_);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->found.size(), 1U);
  EXPECT_EQ(listed->found[0].processes.size(), MountNamespace::kProcessesMax);
  EXPECT_EQ(listed->found[0].processes.front(), 40);
}

TEST_F(ListedNamespaces, WithoutProcNothingIsKnown) {
  EXPECT_FALSE(list_mount_namespaces("/nowhere"));
}

// A process may be hidden here, that of number 1 in many sandboxes: it is counted.
TEST(MountNamespaces, OwnIsAmongThoseOfThisMachine) {
  const auto own = identify("/proc/self/ns/mnt");
  const auto listed = list_mount_namespaces();
  ASSERT_TRUE(own && listed);
  EXPECT_THAT(listed->found, Contains(Field(&MountNamespace::id, own->inode)));
  std::array<char, 64> link;
  const bool hidden = ::readlink("/proc/1/ns/mnt", link.data(), link.size()) < 0;
  EXPECT_GE(listed->hidden, hidden ? 1U : 0U);
}

// A process in new namespaces, until this object ends.
class ProcessIn {
 public:
  explicit ProcessIn(int flags) {
    std::array<int, 2> ready{};
    if (::pipe2(ready.data(), O_CLOEXEC) != 0) return;
    process_ = ::fork();
    if (process_ == 0) {
      const char made = ::unshare(flags) == 0 ? 'y' : 'n';
      if (::write(ready[1], &made, 1) == 1) ::pause();
      ::_exit(0);
    }
    char made = 'n';
    there_ = ::read(ready[0], &made, 1) == 1 && made == 'y';
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~ProcessIn() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  ProcessIn(const ProcessIn&) = delete;
  ProcessIn& operator=(const ProcessIn&) = delete;

  bool there() const { return there_; }
  std::string directory() const { return "/proc/" + std::to_string(process_); }

 private:
  pid_t process_ = -1;
  bool there_ = false;
};

std::optional<bool> told(const std::string& directory) {
  const auto shared = shares_user_namespace(directory);
  return shared ? std::optional(*shared) : std::nullopt;
}

TEST(MountNamespaces, OnesOwnAreToldFromThoseThatAnyUserCanMake) {
  EXPECT_THAT(told("/proc/self"), Optional(true));
  const ProcessIn users(CLONE_NEWUSER | CLONE_NEWNS);
  if (!users.there()) GTEST_SKIP() << "no user namespace can be made here";
  EXPECT_THAT(told(users.directory()), Optional(false));
}

TEST(MountNamespaces, OneThatRootMadeIsOnesOwn) {
  const ProcessIn privately(CLONE_NEWNS);
  if (!privately.there()) GTEST_SKIP() << "no mount namespace can be made here";
  EXPECT_THAT(told(privately.directory()), Optional(true));
}

TEST(MountNamespaces, OfAProcessThatHasEndedItCannotBeTold) {
  const auto told = shares_user_namespace("/proc/999999999");
  ASSERT_FALSE(told);
  EXPECT_TRUE(may_have_ended(told.error().os_errno));
}

}  // namespace
}  // namespace vss::platform
