// vss-guardian: thaws when the freezer is gone or late. Its own static program.
#include <unistd.h>

#include <string>
#include <string_view>

#include "base/exit_status.hpp"
#include "base/runtime_paths.hpp"
#include "freezer/guardian_program.hpp"
#include "platform/console.hpp"

namespace {

constexpr std::string_view kUsage =
    R"(usage: vss-guardian [--runtime-dir DIR] [--require-locked-memory]

Thaws what vss-freezer has frozen when that is gone, or late. Root.

  --runtime-dir DIR        on tmpfs, the same as the freezer's (default /run/openvss)
  --require-locked-memory  refuse to work when memory cannot be locked
  --help, --version
)";

int fail(const vss::base::Error& error) {
  vss::platform::print_line(STDERR_FILENO, "vss-guardian: " + error.message);
  return vss::base::exit_status_of(error);
}

}  // namespace

int main(int argc, char** argv) {
  std::string directory = vss::base::runtime::kDirectoryDefault;
  bool require_locked_memory = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    constexpr std::string_view kDirectory = "--runtime-dir";
    if (argument == "--help" || argument == "-h") {
      vss::platform::print_all(kUsage);
      return vss::base::kExitYes;
    }
    if (argument == "--version") {
      vss::platform::print_all("vss-guardian (OpenVSS) " OPENVSS_VERSION "\n");
      return vss::base::kExitYes;
    }
    if (argument == "--require-locked-memory") {
      require_locked_memory = true;
    } else if (argument == kDirectory && i + 1 < argc) {
      directory = argv[++i];
    } else if (argument.starts_with(kDirectory) && argument.substr(kDirectory.size(), 1) == "=") {
      directory = argument.substr(kDirectory.size() + 1);
    } else {
      return fail({"unknown argument or missing value: '" + std::string(argument) + "'; see --help",
                   0, vss::base::ErrorKind::kUsage});
    }
  }
  if (::geteuid() != 0) {
    return fail({"vss-guardian thaws filesystems and so needs to run as root", 0,
                 vss::base::ErrorKind::kPrerequisite});
  }
  const auto status = vss::freezer::run_guardian(directory, require_locked_memory);
  return status ? vss::base::kExitYes : fail(status.error());
}
