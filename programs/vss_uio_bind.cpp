// vss-uio-bind: gives the backup channel of the Hyper-V host to vssd, or back to the kernel. Runs
// once, as root, before vssd; changes nothing but the driver of that one device.
#include <unistd.h>

#include "base/exit_status.hpp"
#include "command_line.hpp"
#include "platform/console.hpp"
#include "platform/vmbus_binding.hpp"

namespace vss::programs {
namespace {

base::Result<std::string> show(const std::string& sysfs) {
  const auto device = platform::find_vss_device(sysfs);
  if (!device) {
    return base::fail("there is no VSS device in " + sysfs + "/bus/vmbus/devices", ENODEV,
                      base::ErrorKind::kPrerequisite);
  }
  std::string text = platform::standing_of(*device);
  if (device->driver == platform::kUioDriver) return text;
  return base::fail(text);
}

// A tree that stands in for /sys needs no root.
base::Status check_root(const std::string& sysfs) {
  if (sysfs != platform::kSysfs || ::geteuid() == 0) return {};
  return base::fail("binding a device to another driver takes root", 0,
                    base::ErrorKind::kPrerequisite);
}

int report(const base::Result<std::string>& result) {
  if (!result) {
    platform::print_line(STDERR_FILENO, "vss-uio-bind: " + result.error().message);
    return base::exit_status_of(result.error());
  }
  platform::print_all(*result + "\n");
  return base::kExitYes;
}

int run(int argc, char** argv) {
  platform::VmbusSysfs sysfs;
  CLI::App app(
      "Gives the backup channel of the Hyper-V host (its VSS device on the VMBus) to\n"
      "vssd through uio_hv_generic, for hyperv.door = \"uio\", or back to the kernel's\n"
      "hv_utils, for the usual hyperv.door = \"hv_vss\". The change lasts until the next\n"
      "boot. The host's other services are not touched.",
      "vss-uio-bind");
  app.add_option("--sysfs", sysfs.root, "a tree that stands in for /sys, for tests")
      ->type_name("DIR");
  const CLI::App* bind =
      app.add_subcommand("bind",
                         "take the device from hv_utils; needs Linux 6.10 and 4 MiB\n"
                         "of contiguous memory; load uio_hv_generic before");
  const CLI::App* restore =
      app.add_subcommand("restore", "give it back to hv_utils; a running vssd lets it go");
  app.add_subcommand("status", "say which driver has it; exit status 0: uio_hv_generic");
  app.require_subcommand(1);
  app.set_version_flag("--version", "vss-uio-bind " OPENVSS_VERSION);
  app.footer(
      "What fails is undone. bind waits until nobody has /dev/vmbus/hv_vss open: stop\n"
      "hv_vss_daemon before. Exit status: 0 done, 1 failed, 2 usage, 77 root, the device,\n"
      "the driver or the kernel for it is missing.");
  if (const auto status = parse(app, argc, argv)) return *status;
  if (!bind->parsed() && !restore->parsed()) return report(show(sysfs.root));
  if (const auto root = check_root(sysfs.root); !root) {
    return report(std::unexpected(root.error()));
  }
  return report(bind->parsed() ? platform::bind_vss_to_uio(sysfs)
                               : platform::restore_vss_to_kernel(sysfs));
}

}  // namespace
}  // namespace vss::programs

int main(int argc, char** argv) {
  return vss::programs::run(argc, argv);
}
