#include "platform/vmbus_devices.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <vector>

#include "platform/linux/sysfs.hpp"

namespace vss::platform {
namespace {

namespace fs = std::filesystem;
using sysfs::entries_of;
using sysfs::present;
using sysfs::read_attribute;

constexpr std::string_view kVssClass = "{35fa2e29-ea23-4236-96ae-3a6ebacba440}";

// uio_hv_generic takes channels without a monitor page since this release.
constexpr unsigned kMajor = 6, kMinor = 10;

std::string first_word(const fs::path& path) {
  const std::string text = read_attribute(path).value_or("");
  return text.substr(0, text.find_first_of(" \n"));
}

// "0x0000000000400000"
std::size_t hexadecimal(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::size_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return result.ec == std::errc{} && result.ptr == text.data() + text.size() ? value : 0;
}

// The file is there only where the channel uses the monitor page.
bool is_monitored(const fs::path& device) {
  return present(device / "monitor_id") ||
         std::ranges::any_of(entries_of(device / "channels"), [](const fs::path& channel) {
           return present(channel / "monitor_id");
         });
}

VssDevice read_device(const fs::path& directory) {
  VssDevice device;
  device.instance = directory.filename();
  std::error_code error;
  device.driver = fs::read_symlink(directory / "driver", error).filename();
  device.monitored = is_monitored(directory);
  for (const fs::path& uio : entries_of(directory / "uio")) {
    device.uio = uio.filename();
    device.ring_bytes = hexadecimal(first_word(uio / "maps/map0/size"));
  }
  return device;
}

}  // namespace

std::optional<VssDevice> find_vss_device(const std::string& sysfs) {
  for (const fs::path& directory : entries_of(fs::path(sysfs) / "bus/vmbus/devices")) {
    if (first_word(directory / "class_id") == kVssClass) return read_device(directory);
  }
  return std::nullopt;
}

base::Status check_uio_release(std::string_view release) {
  unsigned major = 0, minor = 0;
  const char* const end = release.data() + release.size();
  const auto first = std::from_chars(release.data(), end, major);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.') return {};
  if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc{}) return {};
  if (major > kMajor || (major == kMajor && minor >= kMinor)) return {};
  return base::fail("this kernel (" + std::string(release) +
                        ") is older than 6.10, and its uio_hv_generic does not take the VSS "
                        "channel: serve the host through /dev/vmbus/hv_vss (hyperv.door = "
                        "\"hv_vss\")",
                    0, base::ErrorKind::kPrerequisite);
}

std::string kernel_release() {
  utsname names{};
  return ::uname(&names) == 0 ? names.release : "";
}

base::Result<UioNode> find_vss_uio(const std::string& sysfs, const std::string& release) {
  constexpr auto kPrerequisite = base::ErrorKind::kPrerequisite;
  if (auto new_enough = check_uio_release(release); !new_enough) {
    return std::unexpected(new_enough.error());
  }
  const auto device = find_vss_device(sysfs);
  if (!device) {
    return base::fail(
        "there is no VSS device on the VMBus: this machine is no guest of Hyper-V, or its host "
        "offers no backups",
        ENODEV, kPrerequisite);
  }
  if (device->driver != kUioDriver || device->uio.empty()) {
    return base::fail("the VSS device is " +
                          (device->driver.empty() ? std::string("bound to no driver")
                                                  : "bound to " + device->driver) +
                          ", not to uio_hv_generic: run vss-uio-bind bind",
                      ENODEV, kPrerequisite);
  }
  if (device->monitored) {
    return base::fail(
        "the VSS channel is signalled through a monitor page, and vssd signals by uio_hv_generic "
        "alone: run vss-uio-bind restore and set hyperv.door = \"hv_vss\"",
        ENOTSUP, kPrerequisite);
  }
  if (device->ring_bytes == 0) {
    return base::fail("the size of the rings cannot be read from " + sysfs + "/class/uio/" +
                          device->uio + "/maps/map0/size",
                      EINVAL);
  }
  return UioNode{.path = "/dev/" + device->uio, .ring_bytes = device->ring_bytes};
}

}  // namespace vss::platform
