// What uio_hv_generic and a host do with one channel, for tests of the link over it: memory of two
// rings, an eventfd in place of /dev/uioN.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <string>

#include "base/unique_fd.hpp"
#include "platform/signal_descriptor.hpp"
#include "platform/uio_device.hpp"
#include "requesters/vmbus/host_for_test.hpp"

namespace vss::requesters::vmbus {

class FakeUio {
 public:
  platform::OpenUioDevice opener() {
    return [this]() -> base::Result<std::unique_ptr<platform::UioDevice>> {
      ++openings;
      if (!error.empty()) return base::fail(error, ENODEV);
      // The first to open it opens the channel: the rings begin empty.
      if (!kept_open) host.begin_at(0);
      gone_ = false;
      return std::make_unique<Device>(*this);
    };
  }
  void host_signals() { platform::give_signal(device_fd_); }
  void rescind() {
    gone_ = true;
    host_signals();
  }
  // As kernels did until the autumn of 2025, at an interrupt.
  void set_mask() { host.to_guest.set(Ring::Word::kInterruptMask, 1); }

  std::vector<std::uint64_t> memory = std::vector<std::uint64_t>(2 * RingMemory::kWords);
  HostForTest host{memory};
  std::string error;        // why it cannot be opened
  bool kept_open = false;   // somebody else has it open: it goes on where it was
  std::size_t cut_off = 0;  // bytes that the map lacks
  int openings = 0;
  bool open = false;
  int signals = 0;  // of the guest

 private:
  class Device final : public platform::UioDevice {
   public:
    explicit Device(FakeUio& uio) : uio_(uio), fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
      uio_.device_fd_ = fd_.get();
      uio_.open = true;
    }
    ~Device() override { uio_.open = false; }
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    int fd() const override { return fd_.get(); }
    Signals take_signals() override {
      if (uio_.gone_) return Signals::kGone;
      std::uint64_t count = 0;
      return ::read(fd_.get(), &count, sizeof count) > 0 ? Signals::kSome : Signals::kNone;
    }
    bool signal_host() override {
      uio_.signals += uio_.gone_ ? 0 : 1;
      return !uio_.gone_;
    }
    std::span<std::byte> rings() const override {
      const auto all = std::as_writable_bytes(std::span{uio_.memory});
      return all.first(all.size() - uio_.cut_off);
    }
    std::size_t header_bytes() const override { return RingMemory::kHeader; }

   private:
    FakeUio& uio_;
    base::UniqueFd fd_;
  };

  int device_fd_ = -1;
  bool gone_ = false;
};

}  // namespace vss::requesters::vmbus
