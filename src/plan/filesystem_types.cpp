#include "plan/filesystem_types.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace vss::plan {
namespace {

using enum TypeClass;

// In the kernel a filesystem can be frozen when its super_operations have freeze_fs or
// freeze_super.
constexpr std::array kFreezableTypes = std::to_array<std::string_view>({
    "bcachefs",
    "btrfs",
    "ext2",
    "ext3",
    "ext4",
    "f2fs",
    "gfs2",
    "jfs",
    "nilfs2",
    "reiserfs",
    "xfs",
});
constexpr std::array kUnfreezableTypes = std::to_array<std::string_view>({
    "adfs",  "affs",  "apfs",  "bfs",  "exfat",  "fuseblk", "hfs",    "hfsplus", "hpfs",
    "jffs2", "minix", "msdos", "ntfs", "ntfs3",  "ocfs2",   "omfs",   "qnx4",    "qnx6",
    "sysv",  "ubifs", "udf",   "ufs",  "umsdos", "vfat",    "yaffs2", "zonefs",
});
constexpr std::array kMemoryTypes = std::to_array<std::string_view>({"ramfs", "rootfs", "tmpfs"});
constexpr std::array kPseudoTypes = std::to_array<std::string_view>({
    "anon_inodefs", "autofs",    "bdev",       "binder",     "binfmt_misc", "bpf",
    "cgroup",       "cgroup2",   "configfs",   "cpuset",     "debugfs",     "devpts",
    "devtmpfs",     "dlmfs",     "efivarfs",   "functionfs", "fusectl",     "gadgetfs",
    "hugetlbfs",    "ipathfs",   "mqueue",     "nfsd",       "nsfs",        "ocfs2_dlmfs",
    "openpromfs",   "pidfs",     "pipefs",     "proc",       "pstore",      "resctrl",
    "rpc_pipefs",   "secretmem", "securityfs", "selinuxfs",  "smackfs",     "sockfs",
    "spufs",        "sysfs",     "tracefs",    "usbfs",      "xenfs",
});
constexpr std::array kRemoteTypes = std::to_array<std::string_view>({
    "9p",     "afs",   "beegfs", "ceph",   "cifs",     "coda",   "gpfs",
    "lustre", "ncpfs", "nfs",    "nfs4",   "orangefs", "panfs",  "prl_fs",
    "pvfs2",  "smb3",  "smbfs",  "vboxsf", "virtiofs", "vmhgfs",
});

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& types, std::string_view type) {
  return std::ranges::find(types, type) != types.end();
}

}  // namespace

TypeClass classify_type(const Mount& mount) {
  const std::string_view type = mount.type;
  if (contains(kFreezableTypes, type)) return kFreezable;
  if (contains(kMemoryTypes, type)) return kMemory;
  if (contains(kPseudoTypes, type)) return kPseudo;
  if (type == "overlay") return kOverlay;
  if (contains(kRemoteTypes, type)) return kRemote;
  if (contains(kUnfreezableTypes, type)) return kUnfreezable;
  if (type == "zfs") return kZfs;
  if (type == "fuse" || type.starts_with("fuse.")) {
    // A process that serves a disk of this machine keeps data nowhere else: fuse.ntfs-3g.
    const bool on_device = mount.source.starts_with("/dev/") && mount.source != "/dev/fuse";
    return on_device ? kUnfreezable : kServed;
  }
  return kUnknown;
}

}  // namespace vss::plan
