#include "platform/vmbus_binding.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/unique_fd.hpp"

namespace vss::platform {
namespace {

constexpr int kEnotsupp = 524;  // the kernel's own, unknown to strerror
constexpr const char* kNoOverride = "\n";
// Read in the source of Linux 6.12: unbinding uio_hv_generic leaves this one of its callbacks set.
constexpr const char* kStaleHandler =
    "warning: the kernel keeps uio_hv_generic's handler for a channel that the host withdraws; a "
    "guest that may be migrated is to be rebooted";

std::string text_of(int error) {
  return error == kEnotsupp ? "not supported (ENOTSUPP)" : std::strerror(error);
}

std::string remedy_of(int error) {
  switch (error) {
    case kEnotsupp:
      return "this kernel is older than 6.10: serve the host through /dev/vmbus/hv_vss";
    case ENOMEM:
      return "4 MiB of contiguous memory are missing for the rings: try again early after a boot";
    case EACCES:
    case EPERM:
    case EROFS: return "it takes root, and a /sys that may be written";
    case ENODEV: return "the device is gone, or another driver took it: see vss-uio-bind status";
    case EBUSY: return "another driver has the device: see vss-uio-bind status";
    default: return "the kernel's log may say why";
  }
}

std::unexpected<base::Error> missing(std::string message) {
  return base::fail(std::move(message), ENODEV, base::ErrorKind::kPrerequisite);
}

// One device and the attributes by which it changes its driver.
class Mover {
 public:
  Mover(const VmbusSysfs& sysfs, VssDevice device) : sysfs_(sysfs), device_(std::move(device)) {
    // Through a stream: whatever it holds now is what an undo writes back.
    std::ifstream file(override_path());
    std::getline(file, old_override_);
    if (old_override_ == "(null)") old_override_.clear();
    old_override_ += '\n';
  }

  // From the driver that has it, if any, to `driver`. Undoes what was done when a step fails.
  base::Status move_to(const std::string& driver, std::string_view override_text) {
    if (auto done = write(override_path(), override_text); !done) return done;
    if (!device_.driver.empty()) {
      if (auto done = write(driver_path(device_.driver, "unbind"), device_.instance); !done) {
        return undone(std::move(done), write(override_path(), old_override_));
      }
    }
    if (auto done = write(driver_path(driver, "bind"), device_.instance); !done) {
      return undone(std::move(done), give_back());
    }
    return {};
  }

  base::Status clear_override() const { return write(override_path(), kNoOverride); }

  // The device, which `driver` has, goes back to where it was.
  base::Status take_back(const std::string& driver) {
    auto done = write(driver_path(driver, "unbind"), device_.instance);
    auto back = give_back();
    return done ? back : done;
  }

  // An undo that fails too is said with the error that it was for.
  static base::Status undone(base::Status failed, const base::Status& undo) {
    if (!undo) {
      failed.error().message += "; and the device could not be put back: " + undo.error().message;
    }
    return failed;
  }

 private:
  std::string override_path() const {
    return sysfs_.root + "/bus/vmbus/devices/" + device_.instance + "/driver_override";
  }
  std::string driver_path(const std::string& driver, const char* file) const {
    return sysfs_.root + "/bus/vmbus/drivers/" + driver + "/" + file;
  }

  base::Status write(const std::string& path, std::string_view text) const {
    const int error = sysfs_.write(path, text);
    if (error == 0) return {};
    const bool prerequisite = error == kEnotsupp || error == EACCES || error == EPERM;
    return base::fail("cannot write " + path + ": " + text_of(error) + "; " + remedy_of(error),
                      error,
                      prerequisite ? base::ErrorKind::kPrerequisite : base::ErrorKind::kFailed);
  }

  base::Status give_back() const {
    const auto undo = write(override_path(), old_override_);
    if (device_.driver.empty()) return undo;
    auto bound = write(driver_path(device_.driver, "bind"), device_.instance);
    return undo ? bound : undo;
  }

  const VmbusSysfs& sysfs_;
  VssDevice device_;
  std::string old_override_;
};

base::Result<VssDevice> find(const VmbusSysfs& sysfs) {
  if (auto device = find_vss_device(sysfs.root)) return *device;
  return missing("there is no VSS device in " + sysfs.root +
                 "/bus/vmbus/devices: this machine is no guest of Hyper-V, or its host offers no "
                 "backups (the integration service \"Backup (volume shadow copy)\")");
}

base::Status check_driver(const VmbusSysfs& sysfs, const std::string& driver) {
  std::error_code error;
  const std::string path = sysfs.root + "/bus/vmbus/drivers/" + driver;
  if (std::filesystem::is_directory(path, error)) return {};
  return missing("there is no " + path + ": run modprobe " + driver);
}

// Somebody else's decision about the device is not overruled.
base::Status check_owner(const VssDevice& device) {
  if (device.driver.empty() || device.driver == kUioDriver || device.driver == kKernelVssDriver) {
    return {};
  }
  return base::fail("the VSS device " + device.instance + " is bound to " + device.driver +
                        ", which is neither hv_utils nor uio_hv_generic: unbind it there first",
                    EBUSY);
}

}  // namespace

int write_attribute(const std::string& path, std::string_view text) {
  const base::UniqueFd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (!file) return errno;
  const ssize_t count = ::write(file.get(), text.data(), text.size());
  if (count < 0) return errno;
  return static_cast<std::size_t>(count) == text.size() ? 0 : EIO;
}

std::string standing_of(const VssDevice& device) {
  std::string text = "VSS device " + device.instance + ": ";
  if (device.driver.empty()) return text + "bound to no driver";
  text += "bound to " + device.driver;
  if (device.uio.empty()) return text;
  return text + " as /dev/" + device.uio + ", " + std::to_string(device.ring_bytes) +
         " bytes of rings" + (device.monitored ? ", signalled through a monitor page" : "");
}

base::Result<std::string> bind_vss_to_uio(const VmbusSysfs& sysfs) {
  const auto device = find(sysfs);
  if (!device) return std::unexpected(device.error());
  if (device->driver == kUioDriver) return standing_of(*device) + " (as before)";
  auto possible = check_uio_release(sysfs.release);
  if (possible) possible = check_owner(*device);
  if (possible) possible = check_driver(sysfs, kUioDriver);
  if (!possible) return std::unexpected(possible.error());
  if (device->monitored) {
    return missing("the VSS device " + device->instance +
                   " is signalled through a monitor page, and vssd signals by uio_hv_generic "
                   "alone: leave it to "
                   "hv_utils and set hyperv.door = \"hv_vss\"");
  }
  Mover mover(sysfs, *device);
  if (auto moved = mover.move_to(kUioDriver, kUioDriver); !moved) {
    return std::unexpected(moved.error());
  }
  const auto now = find_vss_device(sysfs.root);
  if (now && now->driver == kUioDriver && !now->uio.empty()) return standing_of(*now);
  const auto failed =
      Mover::undone(base::fail("the kernel took the VSS device " + device->instance +
                               " for uio_hv_generic but made no UIO device of it; its log may "
                               "say why"),
                    mover.take_back(kUioDriver));
  return std::unexpected(failed.error());
}

base::Result<std::string> restore_vss_to_kernel(const VmbusSysfs& sysfs) {
  const auto device = find(sysfs);
  if (!device) return std::unexpected(device.error());
  auto possible = check_owner(*device);
  if (possible && device->driver == kKernelVssDriver) {
    // An override that was left behind would send the next bind astray.
    possible = Mover(sysfs, *device).clear_override();
    if (!possible) return std::unexpected(possible.error());
    return standing_of(*device) + " (as before)";
  }
  if (possible) possible = check_driver(sysfs, kKernelVssDriver);
  if (!possible) return std::unexpected(possible.error());
  if (auto moved = Mover(sysfs, *device).move_to(kKernelVssDriver, kNoOverride); !moved) {
    return std::unexpected(moved.error());
  }
  const auto now = find_vss_device(sysfs.root);
  const std::string standing = standing_of(now ? *now : *device);
  return device->driver == kUioDriver ? standing + "\n" + kStaleHandler : standing;
}

}  // namespace vss::platform
