// For tests: a guardian on a thread of this process.
#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>

#include "base/assert.hpp"
#include "freezer/fake_kernel.hpp"
#include "freezer/guardian.hpp"

namespace vss::freezer {

inline ThawedPage anonymous_page() {
  base::UniqueFd fd{::memfd_create("thawed", MFD_CLOEXEC)};
  VSS_ASSERT(::ftruncate(fd.get(), ThawedPage::kBytes) == 0);
  return std::move(*ThawedPage::map(std::move(fd)));
}

class GuardianThread {
 public:
  // `kernel_log`: what stands for /dev/kmsg.
  GuardianThread(std::string path, FakeKernel& kernel, base::UniqueFd kernel_log = {})
      : path_(std::move(path)) {
    // The guardian reads signalfd_siginfo records; a pipe delivers one as well.
    int ends[2];
    VSS_ASSERT(::pipe(ends) == 0);
    stop_.reset(ends[1]);
    auto parts = std::make_shared<Guardian::Parts>(
        Guardian::Parts{std::move(*platform::listen_at(path_, 0600)), base::UniqueFd{ends[0]},
                        std::move(kernel_log), kernel});
    thread_ = std::thread([parts] { Guardian(std::move(*parts)).run(); });
  }
  ~GuardianThread() {
    stop();
    ::unlink(path_.c_str());
  }

  // As SIGTERM would: returns when it has ended.
  void stop() {
    if (!thread_.joinable()) return;
    constexpr std::array<std::uint32_t, 32> kSignal{SIGTERM};
    VSS_ASSERT(::write(stop_.get(), kSignal.data(), sizeof kSignal) == sizeof kSignal);
    thread_.join();
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  base::UniqueFd stop_;
  std::thread thread_;
};

}  // namespace vss::freezer
