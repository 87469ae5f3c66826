// A tree of files that stands in for /sys on a guest of Hyper-V, and a kernel that does with the
// VSS device what is written there.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "platform/vmbus_binding.hpp"

namespace vss::platform {

class VmbusForTest {
 public:
  static constexpr const char* kInstance = "2450ee40-33bf-4fbd-892e-9fb06e9214cf";
  static constexpr const char* kOther = "1eccfd72-4b41-45ef-b73a-4a6e44c12924";

  VmbusForTest() {
    std::filesystem::remove_all(root_);
    write(device(kOther) / "class_id", "{525074dc-8985-46e2-8057-a307dc18a502}\n");
    for (const char* driver : {kUioDriver, kKernelVssDriver, "vfio_other"})
      std::filesystem::create_directories(drivers() / driver);
    bind(kOther, kKernelVssDriver);
  }
  ~VmbusForTest() { std::filesystem::remove_all(root_); }
  VmbusForTest(const VmbusForTest&) = delete;
  VmbusForTest& operator=(const VmbusForTest&) = delete;

  // The host offers its VSS device; the kernel's driver takes it.
  void offer(const char* driver = kKernelVssDriver) {
    write(device() / "class_id", "{35fa2e29-ea23-4236-96ae-3a6ebacba440}\n");
    write(device() / "driver_override", "(null)\n");
    std::filesystem::create_directories(device() / "channels/9");
    if (driver != nullptr) bind(kInstance, driver);
  }
  void make_monitored() { write(device() / "channels/9/monitor_id", "3\n"); }

  VmbusSysfs sysfs(const std::string& release = "6.12.0-test") {
    return {.root = root_, .release = release, .write = [this](const auto& path, auto text) {
              return obey(path, text);
            }};
  }
  std::string root() const { return root_; }
  std::filesystem::path drivers() const { return root_ / "bus/vmbus/drivers"; }
  std::filesystem::path device(const char* instance = kInstance) const {
    return root_ / "bus/vmbus/devices" / instance;
  }
  std::string override_text() const {
    std::ifstream file(device() / "driver_override");
    std::string text;
    std::getline(file, text);
    return text;
  }
  static void write(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  // By the attribute's place below bus/vmbus/: what writing there fails with.
  std::map<std::string, int> errors;
  std::vector<std::string> written;  // these places, in order
  bool makes_uio = true;
  std::string map_size = "0x0000000000400000";

 private:
  void bind(const char* instance, const std::string& driver) {
    std::filesystem::remove(device(instance) / "driver");
    std::filesystem::create_directory_symlink(drivers() / driver, device(instance) / "driver");
    if (driver == kUioDriver && makes_uio) {
      write(device() / "uio/uio7/maps/map0/size", map_size + "\n");
      write(device() / "uio/uio7/maps/map1/size", "0x1000\n");
    }
  }

  // As the kernel: a device with an override goes to that driver only.
  int obey(const std::string& path, std::string_view text) {
    const std::string place = std::filesystem::relative(path, root_ / "bus/vmbus").string();
    written.push_back(place);
    if (const auto error = errors.find(place); error != errors.end()) return error->second;
    const std::filesystem::path file(path);
    const std::string driver = file.parent_path().filename().string();
    if (file.filename() == "driver_override") {
      write(file, text == "\n" ? "(null)\n" : std::string(text) + "\n");
    } else if (text != kInstance) {
      return ENODEV;
    } else if (file.filename() == "unbind") {
      if (!std::filesystem::equivalent(device() / "driver", file.parent_path())) return ENODEV;
      std::filesystem::remove(device() / "driver");
      std::filesystem::remove_all(device() / "uio");
    } else {
      if (override_text() != "(null)" && override_text() != driver) return ENODEV;
      if (override_text() == "(null)" && driver != kKernelVssDriver) return ENODEV;
      bind(kInstance, driver);
    }
    return 0;
  }

  const std::filesystem::path root_ =
      std::filesystem::temp_directory_path() / ("vmbus_for_test." + std::to_string(::getpid()));
};

}  // namespace vss::platform
