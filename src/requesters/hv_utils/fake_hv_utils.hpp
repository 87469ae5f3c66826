// For tests: Linux's side of /dev/vmbus/hv_vss, as hv_utils plays it between the host and whoever
// has the device open. A small honest model, with the kernel's states and refusals, so that what a
// client gets wrong goes wrong here too.
#pragma once

#include <errno.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "platform/message_device.hpp"

namespace vss::requesters {

class FakeHvUtils {
 public:
  static constexpr std::uint32_t kOk = 0;
  static constexpr std::uint32_t kFail = 0x80004005;
  enum class State { kInit, kReady, kRequested };  // requested: the client has not answered
  using HostSaw = std::vector<std::pair<int, std::uint32_t>>;  // operation, result

  ~FakeHvUtils() { EXPECT_EQ(reads_that_would_hang_, 0); }

  platform::OpenMessageDevice opener() {
    return
        [this](const std::string& path) -> base::Result<std::unique_ptr<platform::MessageDevice>> {
          ++openings_;
          const int error = open_error_ != 0 ? open_error_ : (client_open_ ? EBUSY : 0);
          if (error != 0) return base::fail("cannot open " + path, error);
          client_open_ = true;
          if (when_opened) when_opened();
          return std::make_unique<Device>(*this);
        };
  }

  // --- the host's side ---

  // A request of the host; what cannot be passed on is failed at once.
  void host_asks(int operation) {
    ASSERT_NE(state_, State::kRequested) << "the host waits for an answer first";
    operation_ = operation;
    if (state_ == State::kInit || !client_open_ || !queued_.empty()) return respond(kFail);
    state_ = State::kRequested;
    queue(message_of(operation));
  }
  // The kernel's own limit has passed: the host has its answer, the message stays where it is.
  void give_up() {
    ASSERT_EQ(state_, State::kRequested);
    state_ = State::kReady;
    respond(kFail);
  }
  // After an operation that the kernel answers by itself any client counts as registered.
  void answers_by_itself() { state_ = State::kReady; }
  // On waking from hibernation the kernel makes up a THAW that no host waits for.
  void hibernates() {
    state_ = State::kReady;
    queue(message_of(6));
  }
  void is_unbound() {
    removed_ = true;
    show();
  }
  void is_bound_again() {
    removed_ = false;
    state_ = State::kInit;
    show();
  }

  std::function<void()> when_opened;  // before the client can do anything

  // --- what a kernel never does, but a stand-in may ---

  void queue(std::vector<std::byte> message) {
    queued_.push_back(std::move(message));
    show();
  }
  static std::vector<std::byte> message_of(int operation, std::size_t size = 12) {
    std::vector<std::byte> message(size);
    message[0] = static_cast<std::byte>(operation);
    return message;
  }
  void fail_next_read(int error) { read_errors_.push_back(error); }
  void fail_next_write(int error) { write_errors_.push_back(error); }
  void fail_opening(int error) { open_error_ = error; }

  // --- what came of it ---

  const HostSaw& host_saw() const { return host_saw_; }
  bool client_open() const { return client_open_; }
  State state() const { return state_; }
  int openings() const { return openings_; }  // tried
  int answers_written() const { return answers_written_; }

 private:
  class Device final : public platform::MessageDevice {
   public:
    explicit Device(FakeHvUtils& kernel) : kernel_(kernel) {}
    ~Device() override { kernel_.released(); }
    int fd() const override { return kernel_.event_.get(); }
    bool is_readable() const override { return kernel_.is_readable(); }
    std::expected<std::size_t, int> read(std::span<std::byte> room) override {
      return kernel_.read(room);
    }
    std::expected<void, int> write(std::span<const std::byte> message) override {
      const int error = kernel_.write(message);
      if (error != 0) return std::unexpected(error);
      return {};
    }

   private:
    FakeHvUtils& kernel_;
  };

  bool is_readable() const { return removed_ || !queued_.empty() || !read_errors_.empty(); }

  std::expected<std::size_t, int> read(std::span<std::byte> room) {
    if (!read_errors_.empty()) {
      const int error = read_errors_.front();
      read_errors_.pop_front();
      return std::unexpected(error);
    }
    if (removed_) return std::unexpected(EBADF);
    if (queued_.empty()) {
      ++reads_that_would_hang_;
      return std::unexpected(EAGAIN);
    }
    if (room.size() < queued_.front().size()) return std::unexpected(EINVAL);
    const std::vector<std::byte> message = std::move(queued_.front());
    queued_.pop_front();
    std::ranges::copy(message, room.begin());
    if (message.size() == 4) state_ = State::kReady;
    show();
    return message.size();
  }

  int write(std::span<const std::byte> message) {
    if (!write_errors_.empty()) {
      const int error = write_errors_.front();
      write_errors_.pop_front();
      return error;
    }
    if (removed_) return EBADF;
    if (message.size() != 12) return EINVAL;
    const auto first = std::to_integer<unsigned>(message[0]);
    if (first == 128 || first == 129) return take_registration();
    if (state_ != State::kRequested) return EINVAL;
    std::uint32_t result = 0;
    for (std::size_t i = 4; i-- > 0;)
      result = result << 8 | std::to_integer<std::uint32_t>(message[i]);
    state_ = State::kReady;
    ++answers_written_;
    respond(result);
    return 0;
  }

  int take_registration() {
    if (state_ == State::kRequested) return EINVAL;
    if (!queued_.empty()) return EFAULT;
    queue(message_of(129, 4));
    return 0;
  }

  void released() {
    client_open_ = false;
    queued_.clear();
    if (state_ == State::kRequested) respond(kFail);
    state_ = State::kInit;
    show();
  }

  void respond(std::uint32_t result) { host_saw_.emplace_back(operation_, result); }

  // The descriptor shows what poll(2) would.
  void show() {
    std::uint64_t value = 0;
    [[maybe_unused]] const auto drained = ::read(event_.get(), &value, sizeof value);
    if (!removed_ && queued_.empty()) return;
    value = 1;
    [[maybe_unused]] const auto raised = ::write(event_.get(), &value, sizeof value);
  }

  base::UniqueFd event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  State state_ = State::kInit;
  bool client_open_ = false;
  bool removed_ = false;
  int operation_ = 0;  // the host's latest
  std::deque<std::vector<std::byte>> queued_;
  std::deque<int> read_errors_, write_errors_;
  int open_error_ = 0;
  HostSaw host_saw_;
  int openings_ = 0;
  int answers_written_ = 0;
  int reads_that_would_hang_ = 0;  // the real device does not come back from such a read
};

}  // namespace vss::requesters
