#include "hostsim/standin_door.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "hostsim/shared_memory.hpp"
#include "hostsim/standin_layout.hpp"
#include "hostsim/unique_fd.hpp"

namespace hostsim {

using namespace std::chrono_literals;

namespace {

constexpr auto kLeavingAtMost = 30s;
constexpr auto kLeavingLook = 5ms;

}  // namespace

class StandinDevice {
 public:
  explicit StandinDevice(UniqueFd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }

  // Takes what there is to read.
  void listen() {
    StandinRecord record;
    while (::read(fd_.get(), &record, sizeof record) == static_cast<ssize_t>(sizeof record)) {
      if (record.kind == kStandinOpened) {
        ++openings_;
        bytes_ = record.value;
        signalled_ = false;
      } else if (record.kind == kStandinClosed) {
        bytes_ = 0;
      } else if (record.kind == kStandinSignal) {
        signalled_ = true;
      }
    }
  }

  bool say(std::uint32_t kind) const {
    const StandinRecord record{.kind = kind};
    return ::write(fd_.get(), &record, sizeof record) == static_cast<ssize_t>(sizeof record);
  }

  // The number of the channel that is open; 0: none is.
  std::uint64_t opening() const { return bytes_ == 0 ? 0 : openings_; }
  std::uint64_t bytes() const { return bytes_; }
  bool take_signal() { return std::exchange(signalled_, false); }

 private:
  UniqueFd fd_;
  std::uint64_t openings_ = 0;
  std::uint64_t bytes_ = 0;
  bool signalled_ = false;
};

namespace {

class StandinCarrier final : public Carrier {
 public:
  StandinCarrier(std::shared_ptr<StandinDevice> device, SharedMemory memory)
      : device_(std::move(device)), memory_(std::move(memory)), opening_(device_->opening()) {}

  std::span<std::uint8_t> memory() const override { return memory_.bytes(); }
  // Fails only on a channel that is closed, and that is noticed.
  void signal_guest() override { device_->say(kStandinInterrupt); }

  bool guest_closed() override {
    device_->listen();
    return device_->opening() != opening_;
  }

  Wake wait(Clock::time_point deadline, AlsoWatched also) override {
    while (true) {
      if (guest_closed()) return Wake::kClosed;
      if (device_->take_signal()) return Wake::kSignal;
      std::array<pollfd, 3> fds = {pollfd{device_->fd(), POLLIN, 0},
                                   pollfd{also.interrupt, POLLIN, 0},
                                   pollfd{also.other, POLLIN, 0}};
      const int ready = ::poll(fds.data(), fds.size(), milliseconds_until(deadline));
      if (ready < 0) continue;
      if (fds[1].revents != 0) return Wake::kInterrupted;
      if (fds[0].revents != 0) continue;
      if (fds[2].revents != 0) return Wake::kOther;
      if (Clock::now() >= deadline) return Wake::kTimeout;
    }
  }

 private:
  std::shared_ptr<StandinDevice> device_;
  SharedMemory memory_;
  std::uint64_t opening_;
};

}  // namespace

StandinDoor::StandinDoor(std::string path, std::shared_ptr<StandinDevice> device)
    : path_(std::move(path)), device_(std::move(device)) {}

StandinDoor::~StandinDoor() = default;

Result<std::unique_ptr<StandinDoor>> StandinDoor::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) {
    const char* remedy = errno == EBUSY ? "; another host has it open: stop that one"
                                        : "; it is there where the module vmbus_standin is loaded";
    return failure(system_failure("cannot open " + path).error().what + remedy);
  }
  return std::unique_ptr<StandinDoor>(
      new StandinDoor(path, std::make_shared<StandinDevice>(std::move(fd))));
}

int StandinDoor::fd() const {
  return device_->fd();
}

Result<std::unique_ptr<Carrier>> StandinDoor::accept() {
  device_->listen();
  if (device_->opening() == 0 || device_->opening() == rescinded_) return nullptr;
  auto memory = SharedMemory::map(device_->fd(), device_->bytes());
  if (!memory) return nullptr;  // closed since: that is told next
  return std::make_unique<StandinCarrier>(device_, std::move(*memory));
}

Result<void> StandinDoor::rescind() {
  rescinded_ = device_->opening();
  if (!device_->say(kStandinRescind)) return system_failure("cannot rescind the device");
  return {};
}

Result<void> StandinDoor::offer() {
  const auto deadline = Clock::now() + kLeavingAtMost;
  while (!device_->say(kStandinOffer)) {
    if (errno != EEXIST || Clock::now() >= deadline) {
      return system_failure("cannot offer the device");
    }
    std::this_thread::sleep_for(kLeavingLook);
  }
  return {};
}

}  // namespace hostsim
