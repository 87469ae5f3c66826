// The host: waits for a guest, opens a channel to it, passes packets. Nothing here knows what a
// packet says.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hostsim/answer_check.hpp"
#include "hostsim/channel.hpp"
#include "hostsim/message.hpp"

namespace hostsim {

struct HostSettings {
  AnswersOf answers_of = AnswersOf::kVssd;
  std::chrono::milliseconds wait{30'000};             // for a guest to connect
  std::chrono::milliseconds answer_timeout{120'000};  // for one answer
  int interrupt_fd = -1;                              // readable: leave
  std::uint64_t first_id = 1;                         // of the packets' transaction ids
};

// Sees what passes over the channel, with the time at which it did.
class Witness {
 public:
  Witness() = default;
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  virtual ~Witness() = default;
  virtual void opened() = 0;
  virtual void closed() = 0;
  virtual void sent(View packet) = 0;
  virtual void received(View packet) = 0;
};

struct Arrival {
  Received received;
  Clock::time_point at;
};

class Host {
 public:
  // What happens beside the answers is said in sentences without an end.
  using Say = std::function<void(const std::string&)>;

  Host(std::unique_ptr<Door> door, HostSettings settings, Say say);

  // At once if there is a guest; else waits for one.
  Result<void> need_guest();
  // The channel is asked: a guest that has gone is noticed here.
  bool has_guest();
  // From the host's side; the guest may come back at once.
  void close();
  // The guest can come back after offer() only. An error: there was nothing to withdraw, or to
  // offer.
  Result<void> rescind();
  Result<void> offer() { return door_->offer(); }

  // Waits for room. Needs a guest.
  Result<void> send(View packet);
  // The guest's next packet; Cause::kTimeout, kClosed, kInterrupted else. Any other error: the ring
  // is damaged, and the channel should be closed.
  Result<Arrival> receive(Clock::time_point deadline);
  // Until the time is over, or `fd` is readable (true); guests that go and come are noticed.
  Result<bool> pause(Clock::time_point deadline, int fd = -1);

  // Grows with each channel that is opened.
  std::uint64_t channel_number() const { return channel_number_; }
  // How often the guest had something to say and did not signal it.
  std::uint64_t missing_signals() const { return missing_signals_; }
  Ids next_ids();
  // How long a packet may be, on the channel that is or was open.
  std::uint32_t packet_limit() const;

  const HostSettings& settings() const { return settings_; }
  void set_witness(Witness* witness) { witness_ = witness; }
  void ignore_interrupts() { settings_.interrupt_fd = -1; }
  // The guest was asked not to signal: look into the ring again and again.
  void expect_signals(bool expected) { expect_signals_ = expected; }
  // Only while has_guest().
  Channel& channel() { return *channel_; }

 private:
  Result<void> accept();
  Result<bool> pump();
  Result<void> await(const std::function<Result<bool>()>& done, Clock::time_point deadline);
  Result<bool> try_send(View packet);
  bool signal_follows();
  void lose_guest();
  void forget_channel();

  HostSettings settings_;
  Say say_;
  std::unique_ptr<Door> door_;
  std::unique_ptr<Channel> channel_;
  std::deque<Arrival> inbox_;
  Witness* witness_ = nullptr;
  std::uint64_t channel_number_ = 0;
  std::uint64_t missing_signals_ = 0;
  std::uint64_t next_id_;
  std::uint32_t ring_bytes_ = kRingBytesMin;
  bool expect_signals_ = true;
};

}  // namespace hostsim
