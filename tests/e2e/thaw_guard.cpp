// The thaw guard of the end-to-end tests: stands outside the sandbox and outlives what goes wrong.
//
//   thaw_guard --namespace PID --heartbeat SECONDS --limit SECONDS
//
// Holds a read-only descriptor of every sandbox filesystem. When the harness falls silent, says so,
// or dies, or the time limit is over, it thaws them all, ends the sandbox (PID is its init), thaws
// what a killed freezer froze afterwards, and only then goes. A FITHAW can block (backing frozen,
// device hung): each filesystem has its own thread, so that none holds up another.
//
// Conversation on stdin and stdout:
//   ← "add NAME DIRECTORY"  → "added NAME"
//   ← "beat"                at least every heartbeat
//   end of file or SIGTERM  → "acting REASON", "thawed NAME" for each thaw that was needed,
//                             "stuck NAME" for a thread that never came back, "finished"
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

std::atomic<bool> g_acting = false;     // thaw, again and again
std::atomic<bool> g_finishing = false;  // the sandbox is gone: one last time

struct Filesystem {
  std::string name;
  int descriptor = -1;
  std::atomic<bool> done = false;
};

void thaw_once(const Filesystem& filesystem) {
  if (ioctl(filesystem.descriptor, FITHAW, 0) == 0) {
    dprintf(STDOUT_FILENO, "thawed %s\n", filesystem.name.c_str());
  }
}

void guard_one(Filesystem& filesystem) {
  while (!g_acting)
    std::this_thread::sleep_for(20ms);
  while (!g_finishing) {
    thaw_once(filesystem);
    std::this_thread::sleep_for(50ms);
  }
  thaw_once(filesystem);
  close(filesystem.descriptor);
  filesystem.done = true;
}

// The machine's own filesystems are never touched, whatever the harness asks for.
bool is_machines_own(int descriptor) {
  struct stat candidate{};
  if (fstat(descriptor, &candidate) != 0) return true;
  for (const char* path : {"/", "/proc/1/root", "/proc/self/exe", "/tmp", "/var/tmp", "/dev"}) {
    struct stat own{};
    if (stat(path, &own) == 0 && own.st_dev == candidate.st_dev) return true;
  }
  return false;
}

class Guard {
 public:
  bool add(const std::string& name, const std::string& directory) {
    const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || is_machines_own(descriptor)) {
      dprintf(STDERR_FILENO, "thaw_guard: %s refused: %s\n", directory.c_str(),
              descriptor < 0 ? std::strerror(errno) : "it is one of the machine's own");
      return false;
    }
    filesystems_.push_back(std::make_unique<Filesystem>());
    filesystems_.back()->name = name;
    filesystems_.back()->descriptor = descriptor;
    std::thread(guard_one, std::ref(*filesystems_.back())).detach();
    return true;
  }

  // Thaws, ends the sandbox, thaws again. Never returns before the sandbox is gone, at most 60 s.
  void act(const std::string& reason, int namespace_pidfd) {
    dprintf(STDOUT_FILENO, "acting %s\n", reason.c_str());
    g_acting = true;
    std::this_thread::sleep_for(200ms);
    syscall(SYS_pidfd_send_signal, namespace_pidfd, SIGKILL, nullptr, 0);
    pollfd gone{namespace_pidfd, POLLIN, 0};
    while (poll(&gone, 1, 60'000) < 0 && errno == EINTR) {
    }
    g_finishing = true;
    const auto until = Clock::now() + 5s;
    while (Clock::now() < until && !all_done())
      std::this_thread::sleep_for(10ms);
    for (const auto& filesystem : filesystems_) {
      if (!filesystem->done) dprintf(STDOUT_FILENO, "stuck %s\n", filesystem->name.c_str());
    }
    dprintf(STDOUT_FILENO, "finished\n");
  }

 private:
  bool all_done() const {
    for (const auto& filesystem : filesystems_) {
      if (!filesystem->done) return false;
    }
    return true;
  }

  std::vector<std::unique_ptr<Filesystem>> filesystems_;
};

volatile sig_atomic_t g_terminated = 0;
void on_terminate(int) {
  g_terminated = 1;
}

// Returns the reason to act.
std::string listen(Guard& guard, Clock::duration heartbeat, Clock::time_point limit) {
  std::string input;
  Clock::time_point beat = Clock::now();
  for (;;) {
    if (g_terminated != 0) return "told to by SIGTERM";
    if (Clock::now() > limit) return "the time limit is over";
    if (Clock::now() - beat > heartbeat) return "the harness is silent";
    pollfd ready{STDIN_FILENO, POLLIN, 0};
    if (poll(&ready, 1, 100) <= 0) continue;
    char buffer[4096];
    const ssize_t size = read(STDIN_FILENO, buffer, sizeof buffer);
    if (size <= 0) return "the harness has ended";
    beat = Clock::now();
    input.append(buffer, static_cast<std::size_t>(size));
    for (std::size_t end = input.find('\n'); end != std::string::npos; end = input.find('\n')) {
      std::stringstream words(input.substr(0, end));
      input.erase(0, end + 1);
      std::string verb, name, directory;
      words >> verb >> name >> directory;
      if (verb == "add") {
        dprintf(STDOUT_FILENO, "%s %s\n", guard.add(name, directory) ? "added" : "refused",
                name.c_str());
      }
    }
  }
}

// All of a stack is locked: eight megabytes for each filesystem would be much.
bool make_stacks_small() {
  constexpr std::size_t kStackBytes = 256U << 10U;
  pthread_attr_t attributes;
  return pthread_attr_init(&attributes) == 0 &&
         pthread_attr_setstacksize(&attributes, kStackBytes) == 0 &&
         pthread_setattr_default_np(&attributes) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  pid_t namespace_pid = 0;
  int heartbeat = 0;
  int limit = 0;
  for (int index = 1; index + 1 < argc; index += 2) {
    const std::string option = argv[index];
    const int value = std::atoi(argv[index + 1]);
    if (option == "--namespace") namespace_pid = value;
    if (option == "--heartbeat") heartbeat = value;
    if (option == "--limit") limit = value;
  }
  if (namespace_pid <= 1 || heartbeat <= 0 || limit <= 0) {
    dprintf(STDERR_FILENO,
            "usage: thaw_guard --namespace PID --heartbeat SECONDS --limit SECONDS\n");
    return 2;
  }
  const int namespace_pidfd = static_cast<int>(syscall(SYS_pidfd_open, namespace_pid, 0));
  if (namespace_pidfd < 0 || !make_stacks_small() || mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
    dprintf(STDERR_FILENO, "thaw_guard: %s\n", std::strerror(errno));
    return 1;
  }
  setsid();  // an interrupt at the terminal is for the harness; the guard hears of it by its pipe
  signal(SIGPIPE, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  signal(SIGTERM, on_terminate);
  Guard guard;
  const std::string reason =
      listen(guard, std::chrono::seconds(heartbeat), Clock::now() + std::chrono::seconds(limit));
  guard.act(reason, namespace_pidfd);
  _exit(0);  // a thread that is stuck in the kernel must not be waited for
}
