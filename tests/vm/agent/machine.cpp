#include "machine.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace vmagent {
namespace {

constexpr char kPorts[] = "/sys/class/virtio-ports";
constexpr off_t kDebugExit = 0xf4;  // as the harness gives it to QEMU

int children = -1;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string device_of_port(const std::string& name) {
  std::string found;
  DIR* ports = opendir(kPorts);
  if (ports == nullptr) return found;
  while (const dirent* entry = readdir(ports)) {
    const std::string device = entry->d_name;
    if (text_of(std::string(kPorts) + "/" + device + "/name") == name) found = "/dev/" + device;
  }
  closedir(ports);
  return found;
}

}  // namespace

std::expected<int, std::string> open_port(const std::string& name) {
  for (int tries = 0; tries < 300; ++tries) {
    const std::string device = device_of_port(name);
    const int port = device.empty() ? -1 : open(device.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (port >= 0) return port;
    usleep(100'000);
  }
  return std::unexpected("no virtio-serial port " + name + ": " + strerror(errno));
}

int reaping_descriptor() {
  if (children < 0) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    children = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  return children;
}

void drain_reaping_descriptor() {
  signalfd_siginfo ended;
  while (read(children, &ended, sizeof ended) > 0) {
  }
}

long kernel_argument(const std::string& name, long otherwise) {
  const std::string line = " " + text_of("/proc/cmdline");
  const std::size_t at = line.find(" " + name + "=");
  return at == std::string::npos ? otherwise : atol(line.c_str() + at + name.size() + 2);
}

void finish(int code) {
  const int console = open("/dev/console", O_WRONLY | O_CLOEXEC | O_NOCTTY);
  dprintf(console, "\nVMTEST-RC=%d\n", code);
  // The console's last byte must be out before the machine is gone.
  fsync(console);
  usleep(200'000);
  const int port = open("/dev/port", O_WRONLY | O_CLOEXEC);
  const char byte = static_cast<char>(code);
  (void)!pwrite(port, &byte, 1, kDebugExit);
  for (;;)
    pause();
}

}  // namespace vmagent
