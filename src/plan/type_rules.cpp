// What a mount table alone decides: by type and by the superblock's flags.
#include <algorithm>
#include <array>

#include "plan/superblocks.hpp"

namespace vss::plan {
namespace {

void decide(Superblock& superblock, Action action, std::string_view reason) {
  superblock.action = action;
  superblock.reason = Reason(reason);
}

// The firmware's partition, by the places that the Boot Loader Specification and the distributions
// mount it at: it is written when a kernel or a boot loader is installed, at no other time.
bool is_efi_system_partition(const SuperblockSet& set, std::size_t index) {
  static constexpr std::array kPlaces = {"/boot/efi", "/efi", "/boot"};
  if (set.mount_of(index).type != "vfat") return false;
  return std::ranges::any_of(set.mounts_of(index), [&](std::size_t mount) {
    return std::ranges::find(kPlaces, set.table.mounts()[mount].mount_point) != kPlaces.end();
  });
}

void decide_unfreezable(SuperblockSet& set, std::size_t index, Unfreezable policy) {
  Superblock& superblock = set.superblocks[index];
  const std::string_view type = set.mount_of(index).type;
  if (superblock.type_class == TypeClass::kZfs) {
    // Each dataset by itself: syncfs(2) on one commits the intent log of that one, and of no other
    // of its pool.
    const std::string_view source = set.mount_of(index).source;
    decide(superblock, Action::kSync,
           Reason("ZFS cannot be frozen, and pool ")
               .append(source.substr(0, source.find('/')))
               .append(" is always consistent by itself: this dataset is flushed"));
    return;
  }
  if (is_efi_system_partition(set, index)) {
    decide(superblock, Action::kSync,
           "EFI system partition: cannot be frozen, written only by updates: flushed");
    return;
  }
  Reason what(type);
  if (superblock.type_class == TypeClass::kUnknown) {
    what = Reason("type ").append(type).append(" is not known and taken for one that");
  }
  superblock.lowers_grade = true;
  if (policy == Unfreezable::kFail) {
    decide(superblock, Action::kVeto,
           Reason(what).append(" cannot be frozen, and the policy for that is `fail`: leave it out "
                               "with `exclude`, or set the policy to `sync`"));
    return;
  }
  decide(superblock, Action::kSync, Reason(what).append(" cannot be frozen: only flushed"));
}

// A type that nobody told us of. On a device, or made from a path, it may keep data; otherwise it
// is most likely a new kind of the kernel's own files.
void decide_unknown(SuperblockSet& set, std::size_t index, Unfreezable policy) {
  const Mount& mount = set.mount_of(index);
  if (mount.device.major != 0 || mount.source.starts_with('/')) {
    decide_unfreezable(set, index, policy);
    return;
  }
  decide(set.superblocks[index], Action::kSkip,
         Reason("type ")
             .append(mount.type)
             .append(" is not known; it lies on no device: taken for files of the kernel"));
}

void apply_type_rule(SuperblockSet& set, std::size_t index, Unfreezable policy) {
  Superblock& superblock = set.superblocks[index];
  const Mount& mount = set.mount_of(index);
  const TypeClass type_class = superblock.type_class;
  if (type_class == TypeClass::kPseudo) {
    decide(superblock, Action::kSkip, "pseudo: files of the kernel");
  } else if (type_class == TypeClass::kMemory) {
    decide(superblock, Action::kSkip, "not persistent: kept in memory");
  } else if (type_class == TypeClass::kRemote) {
    decide(superblock, Action::kSkip, "remote: stored by another system");
  } else if (type_class == TypeClass::kServed) {
    decide(superblock, Action::kSkip,
           "remote: served by a process (FUSE); what it stores here belongs to other filesystems");
  } else if (type_class == TypeClass::kOverlay) {
    decide(superblock, Action::kCovered, "overlay");  // overlay.cpp
  } else if (superblock_read_only(mount)) {
    decide(superblock, Action::kSkip, "read-only filesystem: nothing is written to it");
  } else if (type_class == TypeClass::kFreezable) {
    decide(superblock, Action::kFreeze, mount.type);  // completed when the plan is written
  } else if (type_class == TypeClass::kUnknown) {
    decide_unknown(set, index, policy);
  } else {
    decide_unfreezable(set, index, policy);
  }
}

}  // namespace

void apply_type_rules(SuperblockSet& set, Unfreezable policy) {
  for (std::size_t i = 0; i < set.superblocks.size(); ++i)
    apply_type_rule(set, i, policy);
}

}  // namespace vss::plan
