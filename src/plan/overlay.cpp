// Overlay: what is written lies on the filesystem of its upper directory; lower ones are only read.
#include "plan/superblocks.hpp"

namespace vss::plan {
namespace {

void refuse(Superblock& overlay, std::string_view reason) {
  overlay.covered_by.reset();
  overlay.upper_unknown = true;
  overlay.lowers_grade = true;
  overlay.action = Action::kVeto;
  overlay.reason = Reason(reason);
}

// Docker gives a relative upper directory when overlay's options would be too long for one page:
// relative to the directory above the one that is named like the upper's first part.
OptionValue absolute_upper(const Mount& mount, const OptionValue& upper) {
  const std::string_view path = upper.view();
  if (path.starts_with('/')) return upper;
  const std::string_view first = path.substr(0, path.find('/'));
  std::string_view directory = mount.mount_point;
  while (directory.size() > 1) {
    const std::size_t slash = directory.rfind('/');
    const bool named_alike = directory.substr(slash + 1) == first;
    directory = directory.substr(0, slash);
    if (named_alike) return OptionValue(directory).append("/").append(path);
  }
  return {};
}

void find_upper(SuperblockSet& set, std::size_t index) {
  Superblock& overlay = set.superblocks[index];
  const Mount& mount = set.mount_of(index);
  const auto upper = super_option(mount, "upperdir");
  if (superblock_read_only(mount) || !upper) {
    overlay.action = Action::kSkip;
    overlay.reason = Reason("read-only: an overlay without an upper directory");
    return;
  }
  const auto holder = set.paths.mount_of_path(absolute_upper(mount, *upper));
  if (!holder || set.superblock_of[*holder] == index) {
    refuse(overlay,
           Reason("its upper directory is not in this mount table, so nobody can tell what "
                  "freezes it: leave it out with `exclude`, or run where it is seen: ")
               .append(*upper));
    return;
  }
  overlay.covered_by = set.superblock_of[*holder];
}

// Follows overlays on overlays down to what stores the data; a ring of them ends at one of its own.
std::size_t store_of(const SuperblockSet& set, std::size_t index) {
  for (std::size_t steps = 0; steps < set.superblocks.size(); ++steps) {
    const auto next = set.superblocks[index].covered_by;
    if (!next) return index;
    index = *next;
  }
  return index;
}

void find_store(SuperblockSet& set, std::size_t index) {
  Superblock& overlay = set.superblocks[index];
  if (!overlay.covered_by) return;
  const std::size_t store = store_of(set, index);
  const Superblock& below = set.superblocks[store];
  if (below.covered_by || below.upper_unknown) {
    refuse(overlay, Reason("its upper directory lies on an overlay whose own place is unknown (")
                        .append(set.mount_of(store).mount_point)
                        .append("): leave it out with `exclude`"));
    return;
  }
  overlay.covered_by = store;
}

void follow_store(SuperblockSet& set, std::size_t index) {
  Superblock& overlay = set.superblocks[index];
  const Superblock& below = set.superblocks[*overlay.covered_by];
  const std::string_view place = set.mount_of(*overlay.covered_by).mount_point;
  const auto upper = super_option(set.mount_of(index), "upperdir");
  const auto say = [&](Action action, std::string_view what) {
    overlay.action = action;
    overlay.reason =
        Reason(what).append(" ").append(place).append(", which holds its upper directory ");
    overlay.reason.append(*upper);
  };
  switch (below.action) {
    case Action::kFreeze: return say(Action::kCovered, "covered by the freeze of");
    case Action::kSync: return say(Action::kCovered, "flushed with");
    case Action::kVeto: return say(Action::kCovered, "goes the way of");
    case Action::kExclude: return say(Action::kExclude, "left out with");
    case Action::kSkip:
    case Action::kCovered: break;
  }
  const bool memory = below.type_class == TypeClass::kMemory;
  say(Action::kSkip, memory ? "not persistent, like" : "nothing to freeze, like");
}

}  // namespace

void find_upper_directories(SuperblockSet& set) {
  const std::size_t count = set.superblocks.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (set.superblocks[i].type_class == TypeClass::kOverlay) find_upper(set, i);
  }
  for (std::size_t i = 0; i < count; ++i)
    find_store(set, i);
}

void apply_cover_rules(SuperblockSet& set) {
  for (std::size_t i = 0; i < set.superblocks.size(); ++i) {
    if (set.superblocks[i].covered_by) follow_store(set, i);
  }
}

}  // namespace vss::plan
