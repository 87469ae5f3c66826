#include "plan/mount_point_index.hpp"

#include <functional>

namespace vss::plan {
namespace {

// The beginning of `path` that comes after `prefix` on the way down: "" → "/" → "/a" → "/a/b".
// False when `prefix` is the whole.
bool next_prefix(std::string_view path, std::string_view& prefix) {
  if (prefix.empty()) {
    prefix = path.substr(0, 1);
    return true;
  }
  if (prefix.size() >= path.size()) return false;
  const std::size_t begin = prefix.size() == 1 ? 1 : prefix.size() + 1;
  prefix = path.substr(0, std::min(path.find('/', begin), path.size()));
  return true;
}

}  // namespace

std::string_view without_trailing_slashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/')
    path.remove_suffix(1);
  return path;
}

MountPointIndex::MountPointIndex(const MountTable& table) : table_(table) {
  const auto mounts = table.mounts();
  std::unordered_map<std::uint32_t, std::uint32_t> by_id;
  by_id.reserve(mounts.size());
  for (std::uint32_t i = 0; i < mounts.size(); ++i)
    by_id.insert_or_assign(mounts[i].id, i + 1);
  by_place_.reserve(mounts.size());
  last_at_.reserve(mounts.size());
  for (std::uint32_t i = 0; i < mounts.size(); ++i) {
    const auto parent = by_id.find(mounts[i].parent_id);
    const bool top = parent == by_id.end() || parent->second == i + 1;
    by_place_.insert_or_assign({top ? 0 : parent->second, mounts[i].mount_point}, i);
    last_at_.insert_or_assign(mounts[i].mount_point, i);
  }
}

std::optional<std::size_t> MountPointIndex::mount_of_path(std::string_view path) const {
  if (!path.starts_with('/')) return std::nullopt;
  path = without_trailing_slashes(path);
  std::uint32_t current = 0;  // index + 1
  std::string_view prefix;
  while (next_prefix(path, prefix)) {
    // Mounts may be stacked on one place. This ends for any table: a mount has one parent, so a
    // ring of parents cannot be entered from outside.
    while (true) {
      const auto on_top = by_place_.find({current, prefix});
      if (on_top == by_place_.end()) break;
      current = on_top->second + 1;
    }
  }
  if (current == 0) return std::nullopt;
  return current - 1;
}

std::optional<std::size_t> MountPointIndex::longest_mount_of_path(std::string_view path) const {
  if (!path.starts_with('/')) return std::nullopt;
  path = without_trailing_slashes(path);
  std::optional<std::size_t> longest;
  std::string_view prefix;
  while (next_prefix(path, prefix)) {
    const auto found = last_at_.find(prefix);
    if (found != last_at_.end()) longest = found->second;
  }
  return longest;
}

std::optional<std::size_t> MountPointIndex::mount_at(std::string_view path) const {
  path = without_trailing_slashes(path);
  const auto mount = mount_of_path(path);
  if (!mount || table_.mounts()[*mount].mount_point != path) return std::nullopt;
  return mount;
}

}  // namespace vss::plan
