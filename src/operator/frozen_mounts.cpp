#include "operator/frozen_mounts.hpp"

#include <unistd.h>

#include <algorithm>

#include "plan/filesystem_types.hpp"
#include "platform/clock.hpp"
#include "platform/helper_process.hpp"
#include "platform/mount_identity.hpp"
#include "platform/mount_table.hpp"
#include "platform/poll.hpp"
#include "platform/thaw_wait.hpp"

namespace vss::operators {
namespace {

constexpr base::Duration kLimit = base::seconds(2);

bool could_be_frozen(const plan::Mount& mount) {
  if (plan::superblock_read_only(mount)) return false;
  const plan::TypeClass type = plan::classify_type(mount);
  return type == plan::TypeClass::kFreezable ||
         (type == plan::TypeClass::kUnknown && mount.source.starts_with("/dev/"));
}

// In a process of its own. What cannot be opened by one mount may be by another.
void wait_for_thaw(const FreezableFilesystem& filesystem) {
  base::UniqueFd directory;
  for (const auto& place : filesystem.places) {
    if (platform::open_mount(place.path.c_str(), place.mount_id, directory) != 0) continue;
    return platform::wait_for_thaw(directory.get());
  }
}

base::Result<platform::HelperProcess> start(const FreezableFilesystem& filesystem,
                                            const Attempt& attempt) {
  return platform::HelperProcess::start([&](int) {
    // It may outlive vssctl: whoever reads our output would wait for the thaw with it.
    for (const int standard : {0, 1, 2})
      ::close(standard);
    attempt(filesystem);
  });
}

// Its socket is closed by its end.
bool ends(const platform::HelperProcess& helper, base::Instant until) {
  platform::PollEntry entry{.fd = helper.socket()};
  do {
    platform::wait_until({&entry, 1}, until);
  } while (!entry.readable && platform::now() < until);
  return entry.readable;
}

}  // namespace

std::vector<FreezableFilesystem> freezable_filesystems(const plan::MountTable& table,
                                                       std::string_view root) {
  std::vector<FreezableFilesystem> filesystems;
  std::vector<plan::DeviceNumber> devices;  // of `filesystems`
  for (const plan::Mount& mount : table.mounts()) {
    if (!could_be_frozen(mount)) continue;
    const auto known = std::ranges::find(devices, mount.device);
    const auto index = static_cast<std::size_t>(known - devices.begin());
    if (known == devices.end()) {
      devices.push_back(mount.device);
      filesystems.push_back({.mount_point = std::string(mount.mount_point), .places = {}});
    }
    filesystems[index].places.push_back(
        {.path = std::string(root).append(mount.mount_point), .mount_id = mount.id});
  }
  return filesystems;
}

base::Result<std::vector<std::string>> not_done_in_time(
    const std::vector<FreezableFilesystem>& filesystems, const Attempt& attempt,
    base::Duration limit) {
  const base::Instant until = platform::now() + limit;
  std::vector<platform::HelperProcess> helpers;
  for (const auto& filesystem : filesystems) {
    auto helper = start(filesystem, attempt);
    if (!helper) return std::unexpected(helper.error());
    helpers.push_back(std::move(*helper));
  }
  std::vector<std::string> late;
  for (std::size_t i = 0; i < helpers.size(); ++i) {
    if (!ends(helpers[i], until)) late.push_back(filesystems[i].mount_point);
  }
  return late;
}

base::Result<std::vector<std::string>> frozen_mount_points() {
  // A daemon freezes what the machine has mounted, not what is seen from here.
  const bool sees_all = platform::identify("/proc/1/root/").has_value();
  const std::string path = sees_all ? "/proc/1/mountinfo" : "/proc/self/mountinfo";
  auto file = platform::MountTableFile::open(path);
  if (!file) return std::unexpected(file.error());
  const auto text = file->read();
  if (!text) return std::unexpected(text.error());
  plan::MountTable table;
  if (auto parsed = table.parse(*text); !parsed) {
    return std::unexpected(plan::to_error(parsed.error(), path));
  }
  return not_done_in_time(freezable_filesystems(table, sees_all ? "/proc/1/root" : ""),
                          wait_for_thaw, kLimit);
}

}  // namespace vss::operators
