// One mount table (proc_pid_mountinfo(5)) as values. Pure: the bytes come from
// platform/mount_table.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "base/fixed_text.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"

namespace vss::plan {

// Names a superblock (mountinfo's major:minor; st_dev differs on btrfs) or a block device.
struct DeviceNumber {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;

  friend constexpr auto operator<=>(DeviceNumber, DeviceNumber) = default;
};
base::FixedText<24> to_text(DeviceNumber device);  // "259:1"

// One line. The texts view the table; octal escapes are resolved, except in `super_options`, where
// an escaped comma is no separator (super_option() resolves).
struct Mount {
  std::uint32_t id = 0;
  std::uint32_t parent_id = 0;
  DeviceNumber device;
  std::string_view root;  // the part of the filesystem that is mounted; "/": all of it
  std::string_view mount_point;
  std::string_view mount_options;  // of this mount: says nothing about the filesystem
  std::string_view propagation;    // the optional fields, with their spaces; often empty
  std::string_view type;           // with subtype: "fuse.sshfs"
  std::string_view source;         // may be empty
  std::string_view super_options;  // of the filesystem
  std::string_view seen_in;        // of another mount namespace: "process 812 (sshd)"; else empty
};

// Where a text is no mount table. `line` and `column` count from 1, column in bytes.
struct MountTableError {
  std::size_t line = 0;
  std::size_t column = 0;
  const char* what = "";
};
// "/proc/1/mountinfo: line 3, column 17: …"
base::Error to_error(const MountTableError& error, std::string_view where);

// Owns a copy of the text. Its memory stays for the next parse: a table of no more bytes and lines
// than any before, or than reserve() named, allocates nothing. Freeze-safe; one thread at a time.
class MountTable {
 public:
  MountTable() = default;
  MountTable(MountTable&&) = default;
  MountTable& operator=(MountTable&&) = default;
  MountTable(const MountTable&) = delete;
  MountTable& operator=(const MountTable&) = delete;

  void reserve(std::size_t bytes, std::size_t mounts);

  // Replaces the contents; views from before end. `text` is whole lines, each ended by a newline.
  // After an error the table is empty.
  std::expected<void, MountTableError> parse(std::string_view text);

  // Adds from the table of another mount namespace the filesystems that are in no table so far and
  // may hold data; their mount points begin with `root` ("/proc/812/root"), where this namespace
  // sees them. Views from before stay. After an error nothing is added.
  std::expected<void, MountTableError> append(std::string_view text, std::string_view root,
                                              std::string_view seen_in);

  // In the file's order: a mount stands behind what it is mounted on.
  std::span<const Mount> mounts() const { return mounts_; }

 private:
  using Keep = bool (*)(const MountTable& table, const Mount& mount);
  // Only what is kept counts, and takes memory.
  std::expected<void, MountTableError> parse_lines(std::string_view text, char* out, Keep keep,
                                                   std::vector<Mount>& mounts) const;
  static bool is_new(const MountTable& table, const Mount& mount);
  // Memory for texts beside `text_`, none of which moves; kept for the next time.
  std::vector<char>& more_text();

  std::vector<char> text_;
  std::vector<Mount> mounts_;
  std::vector<std::vector<char>> more_texts_;
  std::size_t more_used_ = 0;
  std::vector<Mount> appended_;
  std::set<DeviceNumber> known_;  // superblocks; filled by the first append()
};

// The value of `name=value` in a mount's super options, escapes resolved; empty text for a bare
// `name`; nothing when it is absent. Cut at kPathBytesMax.
using OptionValue = base::FixedText<base::kPathBytesMax>;
std::optional<OptionValue> super_option(const Mount& mount, std::string_view name);

// The filesystem is read-only for everybody (not just through this mount).
bool superblock_read_only(const Mount& mount);

// Index of the mount that `path` (absolute) leads to: the longest mount point that is a prefix of
// it, of several there the topmost. Nothing when the table has no "/".
std::optional<std::size_t> mount_of_path(const MountTable& table, std::string_view path);

// Index of the topmost mount whose mount point is exactly `path`.
std::optional<std::size_t> mount_at(const MountTable& table, std::string_view path);

std::optional<std::size_t> mount_with_id(const MountTable& table, std::uint32_t mount_id);

}  // namespace vss::plan
