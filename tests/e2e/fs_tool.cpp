// What the end-to-end tests do to filesystems from inside the sandbox; refuses to run elsewhere.
//
//   fs_tool freeze DIRECTORY          FIFREEZE, as somebody else would
//   fs_tool thaw DIRECTORY            FITHAW, as somebody else would
//   fs_tool write FILE                one small O_SYNC write
//   fs_tool linger FILE               a write that stays inside the kernel until it is killed; a
//   freeze
//                                     of the filesystem waits for it
//   fs_tool dirty FILE MIB            MIB of data in the page cache, not flushed
//   fs_tool mount IMAGE TYPE DIRECTORY      on a fresh loop device
//   fs_tool probe PAGE DIRECTORY...   writes to each DIRECTORY for ever; PAGE (on tmpfs) tells when
//
// freeze, thaw and write print "RESULT BEGAN RETURNED": 0 or the error number, and two times of
// CLOCK_BOOTTIME in nanoseconds.
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "loop_device.hpp"

namespace {

std::int64_t now() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int report(int result, std::int64_t began) {
  const int error = result < 0 ? errno : 0;
  const std::int64_t returned = now();
  std::printf("%d %lld %lld\n", error, static_cast<long long>(began),
              static_cast<long long>(returned));
  return error == 0 ? 0 : 1;
}

// Or in a virtual machine of the tests, whose disks are all throw-away.
bool inside_the_sandbox() {
  char line[4096] = {};
  const int command_line = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
  const bool known = command_line >= 0 && read(command_line, line, sizeof line - 1) > 0;
  if (command_line >= 0) close(command_line);
  if (known && strstr(line, "vmtest.guard=") != nullptr) return true;
  struct statfs root{};
  constexpr long kTmpfsMagic = 0x01021994;
  return statfs("/", &root) == 0 && root.f_type == kTmpfsMagic;
}

int freeze_or_thaw(const std::string& directory, unsigned long request) {
  const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat status{};
  struct stat root{};
  if (descriptor < 0 || fstat(descriptor, &status) != 0 || stat("/", &root) != 0)
    return report(-1, now());
  if (status.st_dev == root.st_dev) {
    errno = EPERM;
    return report(-1, now());
  }
  const std::int64_t began = now();
  return report(ioctl(descriptor, request, 0), began);
}

int write_once(const std::string& path) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_SYNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return report(-1, now());
  const std::vector<char> data(65536, 'y');
  const std::int64_t began = now();
  return report(pwrite(descriptor, data.data(), data.size(), 0) < 0 ? -1 : 0, began);
}

int make_dirty(const std::string& path, int mebibytes) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::vector<char> data(1 << 20, 'd');
  const std::int64_t began = now();
  for (int index = 0; index < mebibytes; ++index) {
    if (write(descriptor, data.data(), data.size()) < 0) return report(-1, began);
  }
  return report(0, began);
}

int mount_image(const std::string& image, const std::string& type, const std::string& where) {
  const vss::e2e::LoopDevice loop = vss::e2e::attach_loop(image, "/dev");
  const std::string device = "/dev/loop" + std::to_string(loop.number);
  mkdir(where.c_str(), 0755);
  if (loop.descriptor < 0 ||
      mount(device.c_str(), where.c_str(), type.c_str(), MS_NOSUID | MS_NODEV, nullptr) != 0) {
    std::fprintf(stderr, "fs_tool: %s on %s: %s\n", image.c_str(), where.c_str(),
                 std::strerror(errno));
    return 1;
  }
  std::printf("%s\n", device.c_str());
  return 0;
}

// One line of the page, written by one process; the harness reads it from outside.
struct ProbeLine {
  std::atomic<std::int64_t> started;    // of the write under way, or of the last one
  std::atomic<std::int64_t> proved;     // when the last write that succeeded had been started
  std::atomic<std::int64_t> completed;  // when it returned
  std::atomic<std::int64_t> error;      // of the last write that failed, 0: none did
};
static_assert(sizeof(ProbeLine) == 32);

[[noreturn]] void probe_one(const std::string& directory, ProbeLine& line) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const std::string path = directory + "/.probe";
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_DSYNC | O_CLOEXEC, 0600);
  for (;;) {
    line.started = now();
    const std::int64_t value = line.started;
    if (pwrite(descriptor, &value, sizeof value, 0) < 0) {
      line.error = errno;
    } else {
      line.completed = now();
      line.proved = value;
    }
    usleep(10'000);
  }
}

int probe(const std::string& page, const std::vector<std::string>& directories) {
  const int descriptor = open(page.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  const std::size_t size = directories.size() * sizeof(ProbeLine);
  if (descriptor < 0 || ftruncate(descriptor, static_cast<off_t>(size)) != 0) return 1;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) return 1;
  auto* lines = static_cast<ProbeLine*>(memory);
  for (std::size_t index = 0; index < directories.size(); ++index) {
    if (fork() == 0) probe_one(directories[index], lines[index]);
  }
  while (wait(nullptr) > 0) {
  }
  return 0;
}

// The page that is written is never there, and nobody brings it: the write waits for it, within the
// filesystem.
int linger(const std::string& file) {
  constexpr std::size_t kPage = 4096;
  const int absent = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC));
  void* page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uffdio_api version{.api = UFFD_API, .features = 0, .ioctls = 0};
  uffdio_register registration{
      .range = {.start = reinterpret_cast<std::uintptr_t>(page), .len = kPage},
      .mode = UFFDIO_REGISTER_MODE_MISSING,
      .ioctls = 0};
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (absent < 0 || page == MAP_FAILED || ioctl(absent, UFFDIO_API, &version) != 0 ||
      ioctl(absent, UFFDIO_REGISTER, &registration) != 0 || descriptor < 0) {
    std::fprintf(stderr, "fs_tool: linger %s: %s\n", file.c_str(), std::strerror(errno));
    return 1;
  }
  std::printf("lingers\n");
  std::fflush(stdout);
  return write(descriptor, page, kPage) < 0 ? 1 : 0;
}

int usage() {
  std::fprintf(
      stderr,
      "usage: fs_tool freeze|thaw|write|linger|dirty|mount|probe ARGUMENT... (see fs_tool.cpp)\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (!inside_the_sandbox()) {
    std::fprintf(stderr, "fs_tool: refused, the root is not a tmpfs: this is no sandbox\n");
    return 77;
  }
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 2) return usage();
  if (words[0] == "freeze") return freeze_or_thaw(words[1], FIFREEZE);
  if (words[0] == "thaw") return freeze_or_thaw(words[1], FITHAW);
  if (words[0] == "write") return write_once(words[1]);
  if (words[0] == "linger") return linger(words[1]);
  if (words[0] == "dirty" && words.size() == 3) return make_dirty(words[1], std::atoi(argv[3]));
  if (words[0] == "mount" && words.size() == 4) return mount_image(words[1], words[2], words[3]);
  if (words[0] == "probe" && words.size() > 2) {
    return probe(words[1], {words.begin() + 2, words.end()});
  }
  return usage();
}
