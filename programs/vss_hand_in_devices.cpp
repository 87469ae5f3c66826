// vss-hand-in-cuse: run as root by vssd's unit before vssd itself, which may not open /dev/cuse:
// who may can make device nodes of any name. Opens it as often as vssd will need, and leaves that
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

base::Status hand_in() {
  platform::ServiceNotifier manager;
  std::vector<base::UniqueFd> owned;
  std::vector<int> descriptors;
  while (owned.size() < platform::kHandedInCuseCount) {
    auto cuse = platform::open_cuse();
    if (!cuse) return std::unexpected(cuse.error());
    descriptors.push_back(cuse->get());
    owned.push_back(std::move(*cuse));
  }
  // What a vssd before has not taken would come first, and there is room for these only.
  if (auto forgotten = manager.forget(platform::kHandedInCuse); !forgotten) return forgotten;
  return manager.keep(platform::kHandedInCuse, descriptors);
}

int run(int argc, char** argv) {
  CLI::App app(
      "Opens /dev/cuse for vssd, which runs as a user that may not, and leaves the open\n"
      "descriptors with the service manager. vssd's unit runs it before vssd.",
      "vss-hand-in-cuse");
  app.set_version_flag("--version", "vss-hand-in-cuse " OPENVSS_VERSION);
  app.footer(
      "Exit status: 0 done, 1 failed, 2 usage, 77 root, the kernel's module cuse or a\n"
      "service manager is missing.");
  if (const auto status = parse(app, argc, argv)) return *status;
  const auto done = hand_in();
  if (done) return base::kExitYes;
  platform::print_line(STDERR_FILENO, "vss-hand-in-cuse: " + done.error().message);
  return base::exit_status_of(done.error());
}

}  // namespace
}  // namespace vss::programs

int main(int argc, char** argv) {
  return vss::programs::run(argc, argv);
}
