// util-linux reads the same tables: what it says is the measure for ours.
#include <gtest/gtest.h>
#include <libmount/libmount.h>
#include <sys/sysmacros.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "plan/mount_table.hpp"

namespace vss::plan {
namespace {

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

std::string resolved(std::string_view raw) {
  std::string text;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const bool escape = raw[i] == '\\' && raw.size() - i > 3 && raw[i + 1] <= '3';
    text += escape ? static_cast<char>(std::stoi(std::string(raw.substr(i + 1, 3)), nullptr, 8))
                   : raw[i];
    if (escape) i += 3;
  }
  return text;
}

void compare(const std::string& text) {
  MountTable ours;
  const auto parsed = ours.parse(text);
  ASSERT_TRUE(parsed) << to_error(parsed.error(), "table").message;

  const std::unique_ptr<libmnt_table, decltype(&mnt_unref_table)> theirs(mnt_new_table(),
                                                                         mnt_unref_table);
  std::string copy = text;
  FILE* const stream = ::fmemopen(copy.data(), copy.size(), "r");
  ASSERT_NE(stream, nullptr);
  ASSERT_EQ(mnt_table_parse_stream(theirs.get(), stream, "mountinfo"), 0);
  ::fclose(stream);

  ASSERT_EQ(static_cast<std::size_t>(mnt_table_get_nents(theirs.get())), ours.mounts().size());
  const std::unique_ptr<libmnt_iter, decltype(&mnt_free_iter)> iter(mnt_new_iter(MNT_ITER_FORWARD),
                                                                    mnt_free_iter);
  libmnt_fs* fs = nullptr;
  for (const Mount& mount : ours.mounts()) {
    ASSERT_EQ(mnt_table_next_fs(theirs.get(), iter.get(), &fs), 0);
    EXPECT_EQ(mount.id, static_cast<std::uint32_t>(mnt_fs_get_id(fs)));
    EXPECT_EQ(mount.parent_id, static_cast<std::uint32_t>(mnt_fs_get_parent_id(fs)));
    const DeviceNumber device{major(mnt_fs_get_devno(fs)), minor(mnt_fs_get_devno(fs))};
    EXPECT_EQ(to_text(mount.device), to_text(device));
    EXPECT_EQ(mount.root, text_of(mnt_fs_get_root(fs)));
    EXPECT_EQ(mount.mount_point, text_of(mnt_fs_get_target(fs)));
    EXPECT_EQ(mount.mount_options, text_of(mnt_fs_get_vfs_options(fs)));
    EXPECT_EQ(mount.type, text_of(mnt_fs_get_fstype(fs)));
    EXPECT_EQ(mount.source, text_of(mnt_fs_get_source(fs)));
    EXPECT_EQ(resolved(mount.super_options), text_of(mnt_fs_get_fs_options(fs)));
  }
}

TEST(MountTableOracle, ThisMachinesTableReadsAsLibmountReadsIt) {
  std::ifstream file("/proc/self/mountinfo");
  compare({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
}

TEST(MountTableOracle, EscapesAndOptionalFieldsReadAsLibmountReadsThem) {
  compare(
      "1 0 8:1 /a\\040b /mnt/tab\\011bs\\134 rw,nosuid shared:1 master:7 - ext4 /dev/x\\040y "
      "rw,a=b\n"
      "2 1 0:45 / /m rw - overlay overlay rw,lowerdir=/l\\0401:/l2,upperdir=/u\\054x,workdir=/w\n"
      "3 1 0:46 /sub /n ro unbindable - fuse.sshfs h:/p rw,user_id=0\n"
      "4 1 0:4 mnt:[4026531840] /run/ns rw - nsfs nsfs rw\n");
}

}  // namespace
}  // namespace vss::plan
