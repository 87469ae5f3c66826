// For tests: a tree of files stands in for /sys, laid out as the kernel does it: real directories
// below devices/, symbolic links to them everywhere else.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "platform/block_graph.hpp"

namespace vss::platform {

namespace fs = std::filesystem;

class SysfsTree : public testing::Test {
 protected:
  SysfsTree()
      : sysfs_(fs::path(testing::TempDir()) / ("sysfs_tree." + std::to_string(::getpid()))) {
    fs::remove_all(sysfs_);
    fs::create_directories(sysfs_ / "dev/block");
    fs::create_directories(sysfs_ / "class/block");
  }
  ~SysfsTree() override { fs::remove_all(sysfs_); }

  void write(const fs::path& path, const std::string& text) {
    fs::create_directories((sysfs_ / path).parent_path());
    std::ofstream(sysfs_ / path) << text;
  }
  void device(const std::string& number, const std::string& directory) {
    write(directory + "/dev", number + "\n");
    const fs::path real = sysfs_ / directory;
    fs::create_directory_symlink(real, sysfs_ / "dev/block" / number);
    fs::create_directory_symlink(real, sysfs_ / "class/block" / real.filename());
  }
  void slave(const std::string& directory, const std::string& of) {
    fs::create_directories(sysfs_ / directory / "slaves");
    const fs::path real = sysfs_ / of;
    fs::create_directory_symlink(real, sysfs_ / directory / "slaves" / real.filename());
  }
  void disk(const std::string& number, const std::string& name) {
    device(number, "devices/pci/host0/block/" + name);
    fs::create_directory_symlink("../../../host0",
                                 sysfs_ / "devices/pci/host0/block" / name / "device");
  }

  fs::path sysfs_;
};

}  // namespace vss::platform
