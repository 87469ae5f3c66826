#include "platform/processes.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace vss::platform {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWaitsForThaw = "percpu_rwsem_wait";

template <typename Number>
std::optional<Number> number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  Number value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{}) return std::nullopt;
  return value;
}

std::vector<pid_t> process_ids(const std::string& proc) {
  std::vector<pid_t> ids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(proc, error)) {
    const std::string name = entry.path().filename();
    if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) continue;
    if (const auto id = number<pid_t>(name)) ids.push_back(*id);
  }
  std::ranges::sort(ids);
  return ids;
}

bool waits_for_thaw(const fs::path& directory) {
  std::ifstream file(directory / "wchan");
  std::string where;
  file >> where;
  return where == kWaitsForThaw;
}

// The lines of /proc/PID/status that are asked for.
struct Status {
  std::optional<std::string> name;
  std::optional<uid_t> user;
  std::optional<std::uint64_t> locked_kib;  // kernel threads have no memory, and no such line
  bool uninterruptible = false;
};

Status read_status(const fs::path& directory) {
  Status status;
  std::ifstream file(directory / "status");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(":\t");
    if (colon == std::string::npos) continue;
    const std::string_view key = std::string_view(line).substr(0, colon);
    const std::string_view value = std::string_view(line).substr(colon + 2);
    if (key == "Name") status.name = value;
    if (key == "State") status.uninterruptible = value.starts_with('D');
    if (key == "Uid")
      status.user = number<uid_t>(value.substr(std::min(value.find('\t'), value.size() - 1) + 1));
    if (key == "VmLck") status.locked_kib = number<std::uint64_t>(value);
  }
  return status;
}

}  // namespace

std::vector<ProcessEntry> list_processes(const std::string& proc) {
  constexpr std::uint64_t kKib = 1024;
  std::vector<ProcessEntry> processes;
  for (const pid_t id : process_ids(proc)) {
    const fs::path directory = fs::path(proc) / std::to_string(id);
    Status status = read_status(directory);
    if (!status.name || !status.user || !status.locked_kib) continue;
    processes.push_back({.id = id,
                         .name = std::move(*status.name),
                         .user = *status.user,
                         .locked_bytes = *status.locked_kib * kKib,
                         .waits_for_thaw = status.uninterruptible && waits_for_thaw(directory)});
  }
  return processes;
}

std::optional<std::vector<pid_t>> processes_that_opened(const std::string& path,
                                                        const std::string& proc) {
  if (::geteuid() != 0) return std::nullopt;
  std::vector<pid_t> found;
  for (const pid_t id : process_ids(proc)) {
    std::error_code error;
    const fs::path directory = fs::path(proc) / std::to_string(id) / "fd";
    for (const auto& entry : fs::directory_iterator(directory, error)) {
      if (fs::read_symlink(entry.path(), error) != path) continue;
      found.push_back(id);
      break;
    }
  }
  return found;
}

}  // namespace vss::platform
