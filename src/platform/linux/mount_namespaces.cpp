#include "platform/mount_namespaces.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/unique_fd.hpp"

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

// Of a process that is chrooted another path; of one in another namespace, too.
bool has_the_root_of_its_namespace(const std::string& directory) {
  std::array<char, 2> link;
  return ::readlink((directory + "/root").c_str(), link.data(), link.size()) == 1;
}

std::vector<pid_t> list_processes(const std::string& proc, std::error_code& error) {
  std::vector<pid_t> processes;
  for (fs::directory_iterator i(proc, error), end; !error && i != end; i.increment(error)) {
    if (const auto id = process_id(i->path().filename())) processes.push_back(*id);
  }
  std::ranges::sort(processes);
  return processes;
}

// Of one namespace, while processes are gone through in ascending order.
struct Candidates {
  std::uint64_t id = 0;
  std::vector<pid_t> at_root, chrooted;

  void add(pid_t process, const std::string& directory) {
    if (at_root.size() == MountNamespace::kProcessesMax) return;
    auto& these = has_the_root_of_its_namespace(directory) ? at_root : chrooted;
    if (these.size() < MountNamespace::kProcessesMax) these.push_back(process);
  }
  MountNamespace result() && {
    at_root.insert(at_root.end(), chrooted.begin(), chrooted.end());
    at_root.resize(std::min(at_root.size(), MountNamespace::kProcessesMax));
    return {id, std::move(at_root)};
  }
};

}  // namespace

base::Result<MountNamespaces> list_mount_namespaces(const std::string& proc) {
  std::error_code error;
  const std::vector<pid_t> processes = list_processes(proc, error);
  if (error) return base::fail("cannot list " + proc + ": " + error.message(), error.value());
  MountNamespaces namespaces;
  std::vector<Candidates> candidates;
  std::unordered_map<std::uint64_t, std::size_t> place;
  for (const pid_t process : processes) {
    const std::string directory = proc + "/" + std::to_string(process);
    std::array<char, 64> link;
    const ssize_t size = ::readlink((directory + "/ns/mnt").c_str(), link.data(), link.size());
    if (size < 0 && (errno == EACCES || errno == EPERM)) ++namespaces.hidden;
    const auto id = id_of({link.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
    if (!id) continue;
    const auto [at, is_new] = place.try_emplace(*id, candidates.size());
    if (is_new) candidates.push_back({*id, {}, {}});
    candidates[at->second].add(process, directory);
  }
  for (Candidates& one : candidates)
    namespaces.found.push_back(std::move(one).result());
  return namespaces;
}

base::Result<bool> shares_user_namespace(const std::string& directory) {
  const std::string path = directory + "/ns/mnt";
  const auto failed = [&] {
    const int error = errno;
    return base::fail("cannot tell whose " + path + " is: " + ::strerrordesc_np(error), error);
  };
  const base::UniqueFd space{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!space) return failed();
  const base::UniqueFd owner{::ioctl(space.get(), NS_GET_USERNS)};
  if (!owner && errno == EPERM) return false;  // of a user namespace outside this one
  struct stat theirs{}, ours{};
  if (!owner || ::fstat(owner.get(), &theirs) != 0) return failed();
  if (::stat("/proc/self/ns/user", &ours) != 0) return failed();
  return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

std::string name_of_process(const std::string& directory) {
  std::ifstream comm(directory + "/comm");
  std::string name;
  std::getline(comm, name);
  return name;
}

bool may_have_ended(int os_errno) {
  // mountinfo of a zombie: EINVAL; ns/mnt of a process that is going away: EACCES.
  return os_errno == ENOENT || os_errno == ESRCH || os_errno == EINVAL || os_errno == EACCES;
}

}  // namespace vss::platform
