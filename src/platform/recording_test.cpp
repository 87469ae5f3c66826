#include "platform/recording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace vss::platform {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Recording : public testing::Test {
 protected:
  Recording()
      : directory_(fs::path(testing::TempDir()) / ("recording." + std::to_string(::getpid()))) {
    fs::create_directories(directory_ / "sys/devices/md0/md");
    fs::create_directories(directory_ / "sys/class/block");
    fs::create_directory_symlink("../../devices/md0", directory_ / "sys/class/block/md0");
    write("mountinfo", "28 1 8:1 / / rw - ext4 /dev/sda rw\n");
    write("sys/devices/md0/dev", "9:0\n");
  }
  ~Recording() override { fs::remove_all(directory_); }

  void write(const char* name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
  }
  std::string refused() {
    const auto good = check_recording(directory_);
    return good ? "is one" : good.error().message;
  }

  fs::path directory_;
};

TEST_F(Recording, AsTheRecorderLeavesIt) {
  fs::create_directories(directory_ / "by-label");
  fs::create_symlink("../../md0", directory_ / "by-label/data");
  fs::create_directories(directory_ / "dev/vg");
  fs::create_symlink("../../sys/class/block/md0", directory_ / "dev/vg/log");
  fs::create_symlink("../nowhere", directory_ / "sys/devices/md0/device");
  EXPECT_EQ(refused(), "is one");
}

TEST_F(Recording, TheMountTableMayBeLong) {
  write("mountinfo", std::string(100'000, 'x'));
  EXPECT_EQ(refused(), "is one");
}

TEST_F(Recording, WithoutAMountTableItIsNone) {
  fs::remove(directory_ / "mountinfo");
  EXPECT_THAT(refused(), HasSubstr("/mountinfo: No such file"));
  EXPECT_THAT(check_recording("/nowhere").error().message, HasSubstr("cannot open /nowhere/"));
}

TEST_F(Recording, APipeIsNoFile) {
  ASSERT_EQ(::mkfifo((directory_ / "sys/devices/md0/md/level").c_str(), 0600), 0);
  EXPECT_THAT(refused(), HasSubstr("md/level is neither a file nor a directory"));
}

TEST_F(Recording, APipeIsNoMountTable) {
  fs::remove(directory_ / "mountinfo");
  ASSERT_EQ(::mkfifo((directory_ / "mountinfo").c_str(), 0600), 0);
  EXPECT_THAT(refused(), HasSubstr("mountinfo is neither"));
}

TEST_F(Recording, LinksThatLeadOutAreRefused) {
  for (const char* const target : {"/dev/zero", "../../../../../etc/passwd", "/proc/self/fd/0"}) {
    const fs::path link = directory_ / "sys/devices/md0/md/level";
    fs::create_symlink(target, link);
    EXPECT_THAT(refused(), HasSubstr("md/level leads out of " + directory_.native())) << target;
    fs::remove(link);
  }
}

TEST_F(Recording, SoIsAPartThatIsALink) {
  fs::create_directory_symlink("/dev", directory_ / "dev");
  EXPECT_THAT(refused(), HasSubstr("dev is no directory"));
  fs::remove(directory_ / "dev");
  fs::create_directory_symlink("/dev/disk/by-label", directory_ / "by-label");
  EXPECT_THAT(refused(), HasSubstr("by-label is no directory"));
}

TEST_F(Recording, AnAttributeIsShort) {
  write("sys/devices/md0/dev", std::string(4097, 'x'));
  EXPECT_THAT(refused(), HasSubstr("md0/dev is longer than 4096 bytes"));
}

TEST_F(Recording, ARingOfLinksIsFollowedByNobody) {
  fs::create_symlink("self", directory_ / "sys/self");
  EXPECT_EQ(refused(), "is one");
}

}  // namespace
}  // namespace vss::platform
