// For tests: what syncfs does and what the kernel counts, in memory that forked children share.
#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <optional>

#include "base/unique_fd.hpp"
#include "freezer/pre_sync.hpp"
#include "platform/sleep.hpp"

namespace vss::freezer {

// One at a time: PreSync::Kernel holds plain functions.
class FakeDisk {
 public:
  static constexpr std::uint64_t kMB = 1'000'000;
  struct Shared {
    std::atomic<int> syncs{0};      // that were begun
    std::atomic<int> await{0};      // each waits until so many were begun
    std::atomic<bool> hold{false};  // each waits while set,
    std::atomic<int> holds{-1};     // or that of this descriptor
    std::atomic<int> error{0};      // each fails with it
    std::atomic<bool> die{false};   // the process dies instead,
    std::atomic<int> dies{-1};      // or that of this descriptor
    std::atomic<std::uint64_t> pending{0}, dirtied{0}, written{0};
    std::atomic<std::uint64_t> writes{0};   // bytes that each sync writes out
    std::atomic<std::uint64_t> dirties{0};  // and that writers make dirty meanwhile
  };

  FakeDisk() {
    shared_ = new (::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared;
    tells = true;
  }
  ~FakeDisk() { ::munmap(shared_, sizeof(Shared)); }
  FakeDisk(const FakeDisk&) = delete;
  FakeDisk& operator=(const FakeDisk&) = delete;

  Shared* operator->() { return shared_; }
  static PreSync::Kernel kernel() { return {&FakeDisk::counters, &FakeDisk::sync_one}; }

  inline static bool tells = true;  // the kernel counts at all

 private:
  static std::optional<platform::FlushCounters> counters() {
    if (!tells) return std::nullopt;
    return platform::FlushCounters{shared_->pending, shared_->dirtied, shared_->written};
  }
  static int sync_one(int fd) {
    ++shared_->syncs;
    if (shared_->die || shared_->dies == fd) ::kill(::getpid(), SIGKILL);
    while (shared_->hold || shared_->holds == fd || shared_->syncs < shared_->await)
      platform::sleep_for(base::milliseconds{1});
    shared_->written += shared_->writes;
    shared_->dirtied += shared_->dirties;
    shared_->pending -= std::min(shared_->pending.load(), shared_->writes.load());
    return shared_->error;
  }

  inline static Shared* shared_ = nullptr;
};

}  // namespace vss::freezer
