// The freeze latency that no service can beat: FIFREEZE and FITHAW of all filesystems at once, each
// in a thread of its own that waits with the descriptor open, and nothing else. Nothing is flushed
// before, so with much dirty data its stall can be beaten.
//
//   stall_limit DIRECTORY...
//
// Reads a word a line from stdin, and answers with a number:
//   freeze, thaw   how many filesystems were
//   count          how many are frozen, whoever has done it; leaves them as they are
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

enum class Verb { kFreeze, kThaw, kCount };

const std::map<std::string, Verb> kVerbs = {
    {"freeze", Verb::kFreeze}, {"thaw", Verb::kThaw}, {"count", Verb::kCount}};

bool is_frozen(int descriptor) {
  if (ioctl(descriptor, FIFREEZE, 0) != 0) return errno == EBUSY;
  ioctl(descriptor, FITHAW, 0);
  return false;
}

bool perform(Verb verb, int descriptor) {
  switch (verb) {
    case Verb::kFreeze: return ioctl(descriptor, FIFREEZE, 0) == 0;
    case Verb::kThaw: return ioctl(descriptor, FITHAW, 0) == 0;
    case Verb::kCount: return is_frozen(descriptor);
  }
  return false;
}

class Threads {
 public:
  explicit Threads(const std::vector<int>& descriptors)
      : begin_(static_cast<std::ptrdiff_t>(descriptors.size() + 1)),
        end_(static_cast<std::ptrdiff_t>(descriptors.size() + 1)) {
    for (const int descriptor : descriptors)
      std::thread([this, descriptor] { serve(descriptor); }).detach();
  }

  std::size_t all(Verb verb) {
    verb_ = verb;
    done_ = 0;
    begin_.arrive_and_wait();
    end_.arrive_and_wait();
    return done_;
  }

 private:
  void serve(int descriptor) {
    for (;;) {
      begin_.arrive_and_wait();
      if (perform(verb_, descriptor)) ++done_;
      end_.arrive_and_wait();
    }
  }

  std::barrier<> begin_;
  std::barrier<> end_;
  std::atomic<Verb> verb_ = Verb::kCount;
  std::atomic<std::size_t> done_ = 0;
};

bool is_sandbox() {
  struct statfs root{};
  constexpr long kTmpfsMagic = 0x01021994;
  return statfs("/", &root) == 0 && root.f_type == kTmpfsMagic;
}

// -1 also for a directory of the root's own filesystem.
int open_filesystem(const char* directory) {
  struct stat own{};
  struct stat root{};
  const int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0 || fstat(descriptor, &own) != 0 || stat("/", &root) != 0) return -1;
  errno = EPERM;
  return own.st_dev == root.st_dev ? -1 : descriptor;
}

}  // namespace

int main(int argc, char** argv) {
  if (!is_sandbox()) {
    std::fprintf(stderr, "stall_limit: refused, the root is not a tmpfs: this is no sandbox\n");
    return 77;
  }
  std::vector<int> descriptors;
  for (int index = 1; index < argc; ++index) {
    descriptors.push_back(open_filesystem(argv[index]));
    if (descriptors.back() >= 0) continue;
    std::fprintf(stderr, "stall_limit: %s: %s\n", argv[index], std::strerror(errno));
    return 1;
  }
  Threads threads(descriptors);
  for (std::string word; std::getline(std::cin, word);) {
    const auto verb = kVerbs.find(word);
    if (verb == kVerbs.end()) continue;
    std::cout << threads.all(verb->second) << '\n' << std::flush;
  }
  _exit(0);  // the threads wait for ever
}
