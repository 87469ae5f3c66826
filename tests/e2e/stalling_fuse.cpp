// A disk that can stop answering: one file, "disk", served from BACKING over FUSE.
//
//   stalling_fuse BACKING MOUNTPOINT
//
// A loop device on the file is a disk whose requests wait for this process: SIGSTOP makes it hang,
// SIGCONT brings it back, SIGKILL fails what waits (so that a test can always be cleaned up).
// BACKING lies on the sandbox's tmpfs. One thread, no cache: what the loop device asks is asked
// here.
#define FUSE_USE_VERSION 34
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr fuse_ino_t kDisk = 2;
constexpr const char* kName = "disk";
constexpr double kForever = 3600;
int g_backing = -1;

struct stat attributes_of(fuse_ino_t inode) {
  struct stat backing{};
  fstat(g_backing, &backing);
  struct stat result{};
  result.st_ino = inode;
  result.st_nlink = 1;
  result.st_mode = inode == kDisk ? S_IFREG | 0600 : S_IFDIR | 0700;
  result.st_size = inode == kDisk ? backing.st_size : 0;
  return result;
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  if (parent != FUSE_ROOT_ID || std::strcmp(name, kName) != 0) {
    fuse_reply_err(request, ENOENT);
    return;
  }
  fuse_entry_param entry{};
  entry.ino = kDisk;
  entry.attr = attributes_of(kDisk);
  entry.attr_timeout = kForever;
  entry.entry_timeout = kForever;
  fuse_reply_entry(request, &entry);
}

void getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info*) {
  const struct stat attributes = attributes_of(inode);
  fuse_reply_attr(request, &attributes, kForever);
}

void setattr(fuse_req_t request, fuse_ino_t inode, struct stat*, int, fuse_file_info*) {
  const struct stat attributes = attributes_of(inode);  // the disk keeps its size and owner
  fuse_reply_attr(request, &attributes, kForever);
}

void open_disk(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file) {
  if (inode != kDisk) {
    fuse_reply_err(request, EISDIR);
    return;
  }
  file->direct_io = 1;
  fuse_reply_open(request, file);
}

void read_disk(fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info*) {
  std::vector<char> data(size);
  const ssize_t got = pread(g_backing, data.data(), size, offset);
  if (got < 0) {
    fuse_reply_err(request, errno);
  } else {
    fuse_reply_buf(request, data.data(), static_cast<std::size_t>(got));
  }
}

void write_disk(fuse_req_t request, fuse_ino_t, const char* data, std::size_t size, off_t offset,
                fuse_file_info*) {
  const ssize_t put = pwrite(g_backing, data, size, offset);
  if (put < 0) {
    fuse_reply_err(request, errno);
  } else {
    fuse_reply_write(request, static_cast<std::size_t>(put));
  }
}

void sync_disk(fuse_req_t request, fuse_ino_t, int, fuse_file_info*) {
  fuse_reply_err(request, 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: stalling_fuse BACKING MOUNTPOINT [SOURCE]\n");
    return 2;
  }
  g_backing = open(argv[1], O_RDWR | O_CLOEXEC);
  if (g_backing < 0) {
    std::perror(argv[1]);
    return 1;
  }
  fuse_lowlevel_ops operations{};
  operations.lookup = lookup;
  operations.getattr = getattr;
  operations.setattr = setattr;
  operations.open = open_disk;
  operations.read = read_disk;
  operations.write = write_disk;
  operations.fsync = sync_disk;
  // What the mount table calls its source: a device's name there says that it stores on that
  // device.
  std::string option = "-ofsname=" + std::string(argc > 3 ? argv[3] : "stalling_fuse");
  std::array<char*, 2> words{argv[0], option.data()};
  fuse_args arguments = FUSE_ARGS_INIT(2, words.data());
  fuse_session* session = fuse_session_new(&arguments, &operations, sizeof operations, nullptr);
  if (session == nullptr || fuse_session_mount(session, argv[2]) != 0) return 1;
  std::printf("ready\n");
  std::fflush(stdout);
  const int result = fuse_session_loop(session);
  fuse_session_unmount(session);
  fuse_session_destroy(session);
  return result;
}
