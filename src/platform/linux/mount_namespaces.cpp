#include "platform/mount_namespaces.hpp"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

namespace vss::platform {
namespace {

namespace fs = std::filesystem;

std::optional<pid_t> process_id(const std::string& name) {
  pid_t id = 0;
  const auto result = std::from_chars(name.data(), name.data() + name.size(), id);
  const bool whole = result.ec == std::errc{} && result.ptr == name.data() + name.size();
  return whole ? std::optional(id) : std::nullopt;
}

// "mnt:[4026531841]" → 4026531841.
std::optional<std::uint64_t> id_of(std::string_view link) {
  constexpr std::string_view kBegin = "mnt:[";
  if (!link.starts_with(kBegin)) return std::nullopt;
  link.remove_prefix(kBegin.size());
  std::uint64_t id = 0;
  const auto result = std::from_chars(link.data(), link.data() + link.size(), id);
  return result.ec == std::errc{} ? std::optional(id) : std::nullopt;
}

}  // namespace

base::Result<std::vector<MountNamespace>> list_mount_namespaces(const std::string& proc) {
  std::vector<pid_t> processes;
  std::error_code error;
  for (fs::directory_iterator i(proc, error), end; !error && i != end; i.increment(error)) {
    if (const auto id = process_id(i->path().filename())) processes.push_back(*id);
  }
  if (error) return base::fail("cannot list " + proc + ": " + error.message(), error.value());
  std::ranges::sort(processes);
  std::vector<MountNamespace> found;
  for (const pid_t process : processes) {
    const std::string directory = proc + "/" + std::to_string(process);
    std::array<char, 64> link;
    const ssize_t size = ::readlink((directory + "/ns/mnt").c_str(), link.data(), link.size());
    if (size < 0 && (errno == EACCES || errno == EPERM)) {
      return base::fail("the mount namespace of process " + std::to_string(process) +
                            " cannot be told: --all-namespaces needs root with CAP_SYS_PTRACE",
                        errno);
    }
    const auto id = id_of({link.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
    if (!id || std::ranges::find(found, *id, &MountNamespace::id) != found.end()) continue;
    MountNamespace& one = found.emplace_back(*id, process, "");
    std::ifstream comm(directory + "/comm");
    std::getline(comm, one.name);
  }
  return found;
}

}  // namespace vss::platform
