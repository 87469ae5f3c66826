// What the request leaves out, and what it asks of the rest.
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/exclude_pattern.hpp"
#include "plan/block_chain.hpp"
#include "plan/superblocks.hpp"

namespace vss::plan {
namespace {

bool in_question(const Superblock& superblock) {
  return superblock.action == Action::kFreeze || superblock.action == Action::kSync ||
         superblock.action == Action::kVeto;
}

void leave_out(Superblock& superblock, const Reason& reason) {
  superblock.action = Action::kExclude;
  superblock.reason = reason;
}

using Subject = base::ExcludePattern::Subject;

struct Pattern {
  std::string_view text;  // as it was given
  Subject subject{};
  std::string glob;

  bool matches(std::string_view name) const {
    std::array<char, base::kPathBytesMax + 1> bytes;
    bytes[name.copy(bytes.data(), base::kPathBytesMax)] = '\0';
    return ::fnmatch(glob.c_str(), bytes.data(), 0) == 0;
  }
};

// What patterns may say of filesystems.
class Exclusion {
 public:
  Exclusion(const SuperblockSet& set, const BlockStack& blocks,
            std::span<const std::string_view> exclude)
      : set_(set), blocks_(blocks), chain_(blocks) {
    for (const std::string_view text : exclude) {
      // What is no pattern was refused where it was read.
      const auto parsed = base::parse_exclude_pattern(text);
      if (parsed) patterns_.push_back({text, parsed->subject, std::string(parsed->pattern)});
    }
  }

  // The pattern that leaves the filesystem out, or nullptr.
  const Pattern* of(std::size_t index) const {
    const auto found = std::ranges::find_if(
        patterns_, [&](const Pattern& pattern) { return matches(pattern, index); });
    return found == patterns_.end() ? by_mount_points(index) : &*found;
  }

 private:
  bool matches(const Pattern& pattern, std::size_t index) const {
    switch (pattern.subject) {
      case Subject::kMountPoint: return false;  // by_mount_points(): of all together
      case Subject::kType: return pattern.matches(set_.mount_of(index).type);
      case Subject::kDevice:
        return pattern.matches(set_.mount_of(index).source) ||
               std::ranges::any_of(devices_of(index), [&](DeviceNumber device) {
                 return matches_device(pattern, device);
               });
      case Subject::kLabel:
        return std::ranges::any_of(blocks_.labels, [&](const DeviceLabel& label) {
          const auto devices = devices_of(index);
          return std::ranges::find(devices, label.device) != devices.end() &&
                 pattern.matches(label.label);
        });
    }
    return false;
  }

  bool matches_device(const Pattern& pattern, DeviceNumber number) const {
    const BlockDevice* const device = chain_.find(number);
    if (device == nullptr) return false;
    if (pattern.matches("/dev/" + device->name)) return true;
    return !device->mapper_name.empty() && pattern.matches("/dev/mapper/" + device->mapper_name);
  }

  std::span<const DeviceNumber> devices_of(std::size_t index) const {
    const DeviceNumber& own = set_.superblocks[index].device;
    if (own.major != 0) return {&own, 1};
    const auto members = std::ranges::find(blocks_.members, own, &MemberDevices::filesystem);
    if (members == blocks_.members.end()) return {};
    return members->devices;
  }

  const Pattern* of_mount_point(std::string_view mount_point) const {
    const auto found = std::ranges::find_if(patterns_, [&](const Pattern& pattern) {
      return pattern.subject == Subject::kMountPoint && pattern.matches(mount_point);
    });
    return found == patterns_.end() ? nullptr : &*found;
  }

  // Patterns speak of a filesystem when they match every mount of the filesystem's own root (of all
  // its mounts, where none shows the root): one that names some bind mount of a directory does not
  // leave out the whole.
  const Pattern* by_mount_points(std::size_t index) const {
    const auto mounts = set_.mounts_of(index);
    const auto shows_root = [&](std::size_t mount) {
      return set_.table.mounts()[mount].root == "/";
    };
    const bool any_root = std::ranges::any_of(mounts, shows_root);
    const Pattern* first = nullptr;
    for (const std::size_t mount : mounts) {
      if (any_root && !shows_root(mount)) continue;
      const Pattern* const pattern = of_mount_point(set_.table.mounts()[mount].mount_point);
      if (pattern == nullptr) return nullptr;
      if (first == nullptr) first = pattern;
    }
    return first;
  }

  const SuperblockSet& set_;
  const BlockStack& blocks_;
  const BlockChain chain_;
  std::vector<Pattern> patterns_;
};

void apply_exclude(SuperblockSet& set, const BlockStack& blocks,
                   std::span<const std::string_view> exclude) {
  if (exclude.empty()) return;
  const Exclusion exclusion(set, blocks, exclude);
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    if (!in_question(set.superblocks[i])) continue;
    const Pattern* const pattern = exclusion.of(i);
    if (pattern == nullptr) continue;
    leave_out(set.superblocks[i], Reason("left out by `exclude` pattern ").append(pattern->text));
  }
}

base::Status apply_selection(SuperblockSet& set, const PlanRequest& request) {
  if (request.selection == Selection::kAll) return {};
  std::vector<bool> selected(set.superblocks.size());
  if (request.selection == Selection::kPaths) {
    for (const std::string_view path : request.paths) {
      const auto mount = set.paths.mount_at(path);
      if (!mount) return no_mount_root(path, "the request");
      const std::size_t index = set.superblock_of[*mount];
      selected[index] = true;
      if (const auto store = set.superblocks[index].covered_by) selected[*store] = true;
    }
  }
  const Reason reason = request.selection == Selection::kNone
                            ? Reason("the request names no filesystem")
                            : Reason("not among the filesystems that the request names");
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    if (in_question(set.superblocks[i]) && !selected[i]) leave_out(set.superblocks[i], reason);
  }
  return {};
}

}  // namespace

std::unexpected<base::Error> no_mount_root(std::string_view path, std::string_view who) {
  return base::fail_usage(std::string(path) + " (named by " + std::string(who) +
                          ") is no mount root in the mount table: name the directory on which a "
                          "filesystem is mounted, without symbolic links");
}

base::Status apply_scope_rules(SuperblockSet& set, const BlockStack& blocks,
                               const PlanRequest& request) {
  apply_exclude(set, blocks, request.exclude);
  if (auto status = apply_selection(set, request); !status) return status;
  if (!request.require_filesystem) return {};
  for (Superblock& superblock : set.superblocks) {
    if (superblock.action != Action::kSync || !superblock.lowers_grade) continue;
    superblock.action = Action::kVeto;
    superblock.reason.append(
        ", but the request requires frozen ones: leave it out with `exclude`, or ask for "
        "`require = crash`");
  }
  return {};
}

}  // namespace vss::plan
