#include "plan/mount_point_index.hpp"

#include <algorithm>
#include <string>

namespace vss::plan {
namespace {

// The beginning of a normal path that comes after `prefix` on the way down: "" → "/" → "/a" →
// "/a/b". False when `prefix` is the whole.
bool next_prefix(std::string_view path, std::string_view& prefix) {
  if (prefix.empty()) {
    prefix = path.substr(0, 1);
    return !prefix.empty();
  }
  if (prefix.size() >= path.size()) return false;
  const std::size_t begin = prefix.size() == 1 ? 1 : prefix.size() + 1;
  prefix = path.substr(0, std::min(path.find('/', begin), path.size()));
  return true;
}

// `path` as the kernel prints paths: no empty component, no "." and "..", no slash at the end.
// Empty for a path that is not absolute.
std::string normal_path(std::string_view path) {
  std::string normal;
  if (!path.starts_with('/')) return normal;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(name.size());
    if (name == "..") {
      normal.resize(std::min(normal.rfind('/'), normal.size()));
    } else if (!name.empty() && name != ".") {
      normal.append("/").append(name);
    }
  }
  return normal.empty() ? "/" : normal;
}

}  // namespace

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

std::optional<std::size_t> MountPointIndex::mount_of_path(std::string_view given) const {
  const std::string path = normal_path(given);
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

std::optional<std::size_t> MountPointIndex::longest_mount_of_path(std::string_view given) const {
  const std::string path = normal_path(given);
  std::optional<std::size_t> longest;
  std::string_view prefix;
  while (next_prefix(path, prefix)) {
    const auto found = last_at_.find(prefix);
    if (found != last_at_.end()) longest = found->second;
  }
  return longest;
}

std::optional<std::size_t> MountPointIndex::mount_at(std::string_view path) const {
  const auto mount = mount_of_path(path);
  if (!mount || table_.mounts()[*mount].mount_point != normal_path(path)) return std::nullopt;
  return mount;
}

}  // namespace vss::plan
