// What the request leaves out, and what it asks of the rest.
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

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

// Returns the first pattern that matches, or nullptr.
const std::string* matching(const std::vector<std::string>& patterns,
                            std::string_view mount_point) {
  std::array<char, base::kPathBytesMax + 1> text;
  text[mount_point.copy(text.data(), base::kPathBytesMax)] = '\0';
  const auto found = std::ranges::find_if(patterns, [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), text.data(), 0) == 0;
  });
  return found == patterns.end() ? nullptr : &*found;
}

// A pattern speaks of a filesystem when it matches every mount of the filesystem's own root (of all
// its mounts, where none shows the root): one that names some bind mount of a directory does not
// leave out the whole.
const std::string* excluded_by(const SuperblockSet& set, std::size_t index,
                               const std::vector<std::string>& patterns) {
  const auto mounts = set.mounts_of(index);
  const auto shows_root = [&](std::size_t mount) { return set.table.mounts()[mount].root == "/"; };
  const bool any_root = std::ranges::any_of(mounts, shows_root);
  const std::string* first = nullptr;
  for (const std::size_t mount : mounts) {
    if (any_root && !shows_root(mount)) continue;
    const std::string* pattern = matching(patterns, set.table.mounts()[mount].mount_point);
    if (pattern == nullptr) return nullptr;
    if (first == nullptr) first = pattern;
  }
  return first;
}

void apply_exclude(SuperblockSet& set, std::span<const std::string_view> exclude) {
  const std::vector<std::string> patterns(exclude.begin(), exclude.end());
  if (patterns.empty()) return;
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    if (!in_question(set.superblocks[i])) continue;
    const std::string* pattern = excluded_by(set, i, patterns);
    if (pattern == nullptr) continue;
    leave_out(set.superblocks[i], Reason("left out by `exclude` pattern ").append(*pattern));
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

base::Status apply_scope_rules(SuperblockSet& set, const PlanRequest& request) {
  apply_exclude(set, request.exclude);
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
