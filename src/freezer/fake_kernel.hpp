// For tests: a model of what the kernel does with FIFREEZE and FITHAW, in memory that forked
// children share. It knows freezes in flight, foreign freezes, blocking thaws and the death of the
// caller before and after the effect.
#pragma once

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <new>
#include <string>

#include "base/unique_fd.hpp"
#include "platform/fsfreeze.hpp"
#include "platform/sleep.hpp"

namespace vss::freezer {

enum class Fault : int { kNone, kDieBefore, kDieAfter };

struct FakeSuperblock {
  std::atomic<ino_t> inode{0};  // of the descriptors that stand for it
  std::atomic<bool> frozen{false};
  std::atomic<int> freezes{0}, thaws{0};                   // that succeeded
  std::atomic<int> thaw_calls{0};                          // all
  std::atomic<int> refuse_freeze{0}, refuse_thaw{0};       // errno to fail with
  std::atomic<bool> hold_freeze{false}, hold_thaw{false};  // the ioctl blocks while set
  std::atomic<bool> in_freeze{false}, in_thaw{false};
  std::atomic<Fault> freeze_fault{Fault::kNone}, thaw_fault{Fault::kNone};
  std::atomic<int> backing{-1};  // index: a thaw above a frozen one blocks
  std::atomic<int> order{0};     // which thaw this was, from 1
};

class FakeKernel final : public platform::FreezeIoctls {
 public:
  static constexpr std::size_t kSuperblocks = 16;
  struct Shared {
    std::array<FakeSuperblock, kSuperblocks> superblocks;
    std::atomic<int> thaws{0};
  };

  FakeKernel()
      : shared_(new(::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared) {}
  ~FakeKernel() override { ::munmap(shared_, sizeof(Shared)); }
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;

  FakeSuperblock& operator[](std::size_t i) { return shared_->superblocks[i]; }

  // A descriptor that stands for superblock i, also in another process.
  base::UniqueFd open(std::size_t i) {
    base::UniqueFd fd{::memfd_create("superblock", MFD_CLOEXEC)};
    shared_->superblocks[i].inode = inode_of(fd.get());
    return fd;
  }

  // Lets the directory `path` stand for superblock i.
  void adopt(std::size_t i, const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0) shared_->superblocks[i].inode = info.st_ino;
  }

  int freeze(int fd) override {
    FakeSuperblock& it = of(fd);
    if (it.freeze_fault == Fault::kDieBefore) ::kill(::getpid(), SIGKILL);
    it.in_freeze = true;
    while (it.hold_freeze)
      platform::sleep_for(base::milliseconds{1});
    it.in_freeze = false;
    if (it.refuse_freeze != 0) return it.refuse_freeze;
    if (it.frozen.exchange(true)) return EBUSY;
    ++it.freezes;
    if (it.freeze_fault == Fault::kDieAfter) ::kill(::getpid(), SIGKILL);
    return 0;
  }

  int thaw(int fd) override {
    FakeSuperblock& it = of(fd);
    ++it.thaw_calls;
    if (it.thaw_fault == Fault::kDieBefore) ::kill(::getpid(), SIGKILL);
    if (!it.frozen) return EINVAL;
    it.in_thaw = true;
    while (it.hold_thaw || (it.backing >= 0 && (*this)[std::size_t(it.backing.load())].frozen)) {
      platform::sleep_for(base::milliseconds{1});
    }
    it.in_thaw = false;
    if (it.refuse_thaw != 0) return it.refuse_thaw;
    if (!it.frozen.exchange(false)) return EINVAL;
    ++it.thaws;
    it.order = ++shared_->thaws;
    if (it.thaw_fault == Fault::kDieAfter) ::kill(::getpid(), SIGKILL);
    return 0;
  }

 private:
  static ino_t inode_of(int fd) {
    struct stat info{};
    return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
  }

  FakeSuperblock& of(int fd) {
    for (FakeSuperblock& it : shared_->superblocks) {
      if (it.inode == inode_of(fd)) return it;
    }
    ::abort();
  }

  Shared* shared_;
};

}  // namespace vss::freezer
