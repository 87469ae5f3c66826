// Filesystems that are mounted in other mount namespaces only.
#include <algorithm>

#include "plan/filesystem_types.hpp"
#include "plan/mount_table.hpp"

namespace vss::plan {
namespace {

// Every container has files of the kernel, memory and overlays of its own. What is written to an
// overlay lies on a filesystem that is looked at by itself.
bool may_hold_data(const Mount& mount) {
  switch (classify_type(mount)) {
    case TypeClass::kFreezable:
    case TypeClass::kUnfreezable:
    case TypeClass::kZfs:
    case TypeClass::kRemote:
    case TypeClass::kServed: return true;
    case TypeClass::kUnknown: return mount.device.major != 0;
    case TypeClass::kOverlay:
    case TypeClass::kMemory:
    case TypeClass::kPseudo: break;
  }
  return false;
}

}  // namespace

std::vector<char>& MountTable::more_text() {
  if (more_used_ == more_texts_.size()) more_texts_.emplace_back();
  return more_texts_[more_used_++];
}

bool MountTable::is_new(const MountTable& table, const Mount& mount) {
  return may_hold_data(mount) && !table.known_.contains(mount.device);
}

std::expected<void, MountTableError> MountTable::append(std::string_view text,
                                                        std::string_view root,
                                                        std::string_view seen_in) {
  if (known_.empty()) {
    for (const Mount& mount : mounts_)
      known_.insert(mount.device);
  }
  std::vector<char>& own = more_text();
  own.resize(text.size());
  appended_.clear();
  auto parsed = parse_lines(text, own.data(), is_new, appended_);
  if (!parsed) return parsed;
  if (appended_.empty()) {
    --more_used_;
    return {};
  }
  if (mounts_.size() + appended_.size() > base::kMountsMax) {
    return std::unexpected(MountTableError{1, 1, "there are too many mounts in all namespaces"});
  }
  std::size_t bytes = seen_in.size();
  for (const Mount& mount : appended_)
    bytes += root.size() + mount.mount_point.size();
  std::vector<char>& names = more_text();
  names.resize(bytes);
  char* out = std::ranges::copy(seen_in, names.data()).out;
  for (Mount& mount : appended_) {
    const char* const begin = out;
    out = std::ranges::copy(root, out).out;
    // Of "/" the slash, too: without it the path would name the link and not where it leads.
    out = std::ranges::copy(mount.mount_point, out).out;
    mount.mount_point = {begin, out};
    mount.seen_in = {names.data(), seen_in.size()};
    known_.insert(mount.device);
    mounts_.push_back(mount);
  }
  return {};
}

}  // namespace vss::plan
