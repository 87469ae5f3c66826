// PID 1 of the sandbox in which the end-to-end tests freeze filesystems.
//
//   sandbox_init [--direct-io] DIRECTORY [VOLUME]...
//     --direct-io  loop devices write past the page cache of the machine
//     VOLUME  NAME:TYPE:IMAGE         a loop device on IMAGE, mounted at /mnt/NAME
//             NAME:TYPE:IMAGE:PARENT  the same, after IMAGE was copied onto volume PARENT
//
// A writer to a frozen filesystem sleeps uninterruptibly, and a frozen root hangs the machine. So
// what freezes runs where no filesystem but throw-away loop images can be reached: a private mount
// and pid namespace whose root is a tmpfs on DIRECTORY, the old root detached, the mount table
// verified before anything else may start.
//
// Conversation with the harness, which stays outside; stdin is a SOCK_SEQPACKET socket:
//   stdout "pid N"      PID 1's number outside
//   stdout "prepared"   everything is mounted below /proc/N/cwd; the harness copies programs there
//   stdin  "go"         pivot and verify
//   stdout "verified"   from now on programs are started over stdin (sandbox_spawn.hpp)
// The end of stdin, at any time, ends PID 1 and with it every process of the sandbox; the loop
// devices detach themselves when the last mount is gone.
#include <fcntl.h>
#include <linux/major.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "loop_device.hpp"
#include "sandbox_spawn.hpp"

namespace {

[[noreturn]] void fail(const std::string& what) {
  dprintf(STDERR_FILENO, "sandbox_init: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

void require(bool condition, const std::string& what) {
  if (!condition) fail(what);
}

void say(const std::string& line) {
  dprintf(STDOUT_FILENO, "%s\n", line.c_str());
}

struct Volume {
  std::string name, type, image, parent;
};

Volume parse_volume(const std::string& text) {
  std::stringstream fields(text);
  Volume volume;
  std::getline(fields, volume.name, ':');
  std::getline(fields, volume.type, ':');
  std::getline(fields, volume.image, ':');
  std::getline(fields, volume.parent, ':');
  errno = EINVAL;
  require(!volume.image.empty(), "volume \"" + text + "\" is not NAME:TYPE:IMAGE[:PARENT]");
  return volume;
}

// Copies only what is allocated: images are sparse.
void copy_sparse(const std::string& from, const std::string& to) {
  const int in = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  require(in >= 0, from);
  const int out = open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  require(out >= 0, to);
  struct stat status{};
  require(fstat(in, &status) == 0 && ftruncate(out, status.st_size) == 0, to);
  for (off_t data = lseek(in, 0, SEEK_DATA); data >= 0; data = lseek(in, data, SEEK_DATA)) {
    const off_t end = lseek(in, data, SEEK_HOLE);
    require(lseek(out, data, SEEK_SET) == data, to);
    while (data < end) {
      const ssize_t copied = sendfile(out, in, &data, static_cast<std::size_t>(end - data));
      require(copied > 0, "copying to " + to);
    }
  }
  require(fsync(out) == 0, to);
  close(in);
  close(out);
}

void make_node(const char* path, mode_t mode, unsigned major_number, unsigned minor_number) {
  require(mknod(path, S_IFCHR | mode, makedev(major_number, minor_number)) == 0, path);
}

void make_skeleton() {
  for (const char* directory :
       {"bin", "sbin", "lib", "lib64", "usr", "usr/lib", "etc", "dev", "dev/shm", "dev/pts", "proc",
        "sys", "run", "mnt", "tmp", "var", "var/lib", "old"}) {
    require(mkdir(directory, 0755) == 0, directory);
  }
  require(chmod("tmp", 01777) == 0 && chmod("dev/shm", 01777) == 0, "chmod");
  make_node("dev/null", 0666, 1, 3);
  make_node("dev/zero", 0666, 1, 5);
  make_node("dev/full", 0666, 1, 7);
  make_node("dev/random", 0666, 1, 8);
  make_node("dev/urandom", 0666, 1, 9);
  make_node("dev/fuse", 0600, 10, 229);
  make_node("dev/loop-control", 0600, 10, 237);
  // A plain file: what a program says to the kernel log stays here, where a test can read it.
  const int kmsg = open("dev/kmsg", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  require(kmsg >= 0, "dev/kmsg");
  close(kmsg);
}

void mount_pseudo() {
  require(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0, "proc");
  require(mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0, "sysfs");
  // A bind remount: this mount becomes read-only, the machine's sysfs stays as it is.
  require(mount(nullptr, "sys", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0, "sysfs");
  // Terminals of the sandbox's own, for a stand-in whose other side the harness holds: none of the
  // machine's can be seen here.
  require(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
                "newinstance,mode=600,ptmxmode=600") == 0,
          "devpts");
  require(mount("tmpfs", "run", "tmpfs", MS_NOSUID | MS_NODEV, "size=64m,mode=755") == 0, "run");
}

// Adds the volume's device to `devices` as "7:N" and as "/dev/loopN".
void mount_volume(const Volume& volume, bool direct_io, std::set<std::string>& devices) {
  std::string image = volume.image;
  if (!volume.parent.empty()) {
    image = "mnt/" + volume.parent + "/" + volume.name + ".img";
    copy_sparse(volume.image, image);
  }
  const vss::e2e::LoopDevice loop = vss::e2e::attach_loop(image, "/dev", direct_io);
  require(loop.descriptor >= 0, "loop device on " + image);
  const std::string number = std::to_string(loop.number);
  require(mknod(("dev/loop" + number).c_str(), S_IFBLK | 0600,
                makedev(LOOP_MAJOR, static_cast<unsigned>(loop.number))) == 0,
          "dev/loop" + number);
  const std::string where = "mnt/" + volume.name;
  require(mkdir(where.c_str(), 0755) == 0, where);
  const std::string source = "/dev/loop" + number;
  require(
      mount(source.c_str(), where.c_str(), volume.type.c_str(), MS_NOSUID | MS_NODEV, nullptr) == 0,
      "mounting " + volume.image + " as " + volume.type);
  close(loop.descriptor);
  devices.insert(source);
  devices.insert(std::to_string(LOOP_MAJOR) + ":" + number);
}

// True if `line` of mountinfo is a filesystem without a disk, or one of our loop devices.
bool is_harmless(const std::string& line, const std::set<std::string>& devices) {
  std::stringstream fields(line);
  std::string identity, parent, device, word, type, source;
  fields >> identity >> parent >> device;
  while (fields >> word && word != "-") {
  }
  fields >> type >> source;
  if (type == "tmpfs" || type == "proc" || type == "sysfs" || type == "devpts") {
    return device.starts_with("0:");
  }
  if (type == "btrfs") return devices.contains(source);  // its device number is anonymous
  return devices.contains(device) && devices.contains(source);
}

void verify(const std::set<std::string>& devices) {
  struct statfs root{};
  constexpr long kTmpfsMagic = 0x01021994;
  errno = EPERM;
  require(statfs("/", &root) == 0 && root.f_type == kTmpfsMagic, "the root is not a tmpfs");
  std::ifstream table("/proc/self/mountinfo");
  require(table.is_open(), "/proc/self/mountinfo");
  std::size_t lines = 0;
  for (std::string line; std::getline(table, line); ++lines) {
    errno = EPERM;
    require(is_harmless(line, devices), "refused, a foreign filesystem is visible: " + line);
  }
  require(lines > 0, "the mount table is empty");
}

bool read_go() {
  std::string word(8, '\0');
  const ssize_t size = read(STDIN_FILENO, word.data(), word.size());
  return size > 0 && word.substr(0, static_cast<std::size_t>(size)) == "go";
}

int run_as_init(const std::string& directory, bool direct_io, const std::vector<Volume>& volumes) {
  require(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
  require(mount("tmpfs", directory.c_str(), "tmpfs", MS_NOSUID, "size=1g,mode=755") == 0,
          directory);
  require(chdir(directory.c_str()) == 0, directory);
  make_skeleton();
  mount_pseudo();
  std::set<std::string> devices;
  for (const Volume& volume : volumes)
    mount_volume(volume, direct_io, devices);
  say("prepared");
  if (!read_go()) return 1;
  require(syscall(SYS_pivot_root, ".", "old") == 0, "pivot_root");
  require(chdir("/") == 0, "/");
  require(umount2("/old", MNT_DETACH) == 0 && rmdir("/old") == 0, "detaching the old root");
  verify(devices);
  say("verified");
  vss::e2e::serve_programs(STDIN_FILENO);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool direct_io = argc > 1 && std::strcmp(argv[1], "--direct-io") == 0;
  const int first = direct_io ? 2 : 1;
  if (argc <= first) {
    dprintf(STDERR_FILENO,
            "usage: sandbox_init [--direct-io] DIRECTORY [NAME:TYPE:IMAGE[:PARENT]]...\n");
    return 2;
  }
  umask(0);
  std::vector<Volume> volumes;
  for (int index = first + 1; index < argc; ++index)
    volumes.push_back(parse_volume(argv[index]));
  require(unshare(CLONE_NEWNS | CLONE_NEWPID) == 0, "unshare");
  const pid_t init = fork();
  require(init >= 0, "fork");
  if (init == 0) return run_as_init(argv[first], direct_io, volumes);
  say("pid " + std::to_string(init));
  int status = 0;
  require(waitpid(init, &status, 0) == init, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
