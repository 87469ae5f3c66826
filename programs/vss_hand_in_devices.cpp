// vss-hand-in-devices: run as root by vssd's unit before vssd itself, which may open neither
// /dev/cuse (who may can make device nodes of any name) nor /dev/kmsg. Opens them, and leaves that
// with the service manager, which hands it to vssd.
#include <unistd.h>

#include <vector>

#include "base/exit_status.hpp"
#include "command_line.hpp"
#include "platform/console.hpp"
#include "platform/cuse_access.hpp"
#include "platform/service_notifier.hpp"

namespace vss::programs {
namespace {

// `open` as often as vssd will need it, under one name.
template <typename Open>
base::Status hand_in(platform::ServiceNotifier& manager, const char* name, std::size_t count,
                     Open open) {
  std::vector<base::UniqueFd> owned;
  std::vector<int> descriptors;
  while (owned.size() < count) {
    auto opened = open();
    if (!opened) return std::unexpected(opened.error());
    descriptors.push_back(opened->get());
    owned.push_back(std::move(*opened));
  }
  // What a vssd before has not taken would come first, and there is room for these only.
  if (auto forgotten = manager.forget(name); !forgotten) return forgotten;
  return manager.keep(name, descriptors);
}

int status_of(const base::Status& done) {
  if (done) return base::kExitYes;
  platform::print_line(STDERR_FILENO, "vss-hand-in-devices: " + done.error().message);
  return base::exit_status_of(done.error());
}

// One may be missing where the other is not.
int hand_in_all() {
  platform::ServiceNotifier manager;
  const int kernel_log =
      status_of(hand_in(manager, platform::kHandedInKernelLog, 1, platform::open_kernel_log));
  const int cuse = status_of(
      hand_in(manager, platform::kHandedInCuse, platform::kHandedInCuseCount, platform::open_cuse));
  return cuse != base::kExitYes ? cuse : kernel_log;
}

int run(int argc, char** argv) {
  CLI::App app(
      "Opens /dev/cuse and /dev/kmsg for vssd, which runs as a user that may not, and leaves\n"
      "the open descriptors with the service manager. vssd's unit runs it before vssd.",
      "vss-hand-in-devices");
  app.set_version_flag("--version", "vss-hand-in-devices " OPENVSS_VERSION);
  app.footer(
      "Exit status: 0 done, 1 failed, 2 usage, 77 root, the kernel's module cuse or a\n"
      "service manager is missing.");
  if (const auto status = parse(app, argc, argv)) return *status;
  return hand_in_all();
}

}  // namespace
}  // namespace vss::programs

int main(int argc, char** argv) {
  return vss::programs::run(argc, argv);
}
