#include "platform/kernel_limits.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace vss::platform {
namespace {

// The first word of a one-line file of the kernel's; empty where it cannot be read.
std::string first_word(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

base::seconds seconds_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::int64_t value = 0;
  return file >> value && value > 0 ? base::seconds{value} : base::seconds{0};
}

}  // namespace

KernelLimits read_kernel_limits() {
  KernelLimits limits;
  limits.hung_task_panic = first_word("/proc/sys/kernel/hung_task_panic") == "1";
  limits.hung_task_timeout = seconds_in("/proc/sys/kernel/hung_task_timeout_secs");
  std::error_code error;
  for (const auto& watchdog : std::filesystem::directory_iterator("/sys/class/watchdog", error)) {
    if (first_word(watchdog.path() / "state") != "active") continue;
    const base::seconds timeout = seconds_in(watchdog.path() / "timeout");
    const bool shortest =
        limits.watchdog_timeout == base::seconds{0} || timeout < limits.watchdog_timeout;
    if (timeout > base::seconds{0} && shortest) limits.watchdog_timeout = timeout;
  }
  return limits;
}

}  // namespace vss::platform
