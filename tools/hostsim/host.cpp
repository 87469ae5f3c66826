#include "hostsim/host.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>

namespace hostsim {
namespace {

using namespace std::chrono_literals;

constexpr auto kSlice = 2s;        // without a signal for so long, look into the ring anyway
constexpr auto kSignalGrace = 1s;  // what is in the ring may be signalled a little later
constexpr auto kUnsignalledSlice = 1ms;
constexpr std::size_t kPacketsPerPump = 4096;  // a guest that never stops is no reason never to

}  // namespace

Host::Host(std::unique_ptr<Door> door, HostSettings settings, Say say)
    : settings_(settings),
      say_(std::move(say)),
      door_(std::move(door)),
      next_id_(settings.first_id) {}

// One that waits, if any: channel_ tells.
Result<void> Host::accept() {
  auto carrier = door_->accept();
  if (!carrier) return std::unexpected(carrier.error());
  if (*carrier == nullptr) return {};
  channel_ = std::make_unique<Channel>(std::move(*carrier));
  ring_bytes_ = channel_->ring_bytes();
  ++channel_number_;
  say_(channel_number_ == 1 ? "a guest has opened the channel" : "a guest is back");
  if (witness_ != nullptr) witness_->opened();
  return {};
}

Result<void> Host::need_guest() {
  if (has_guest()) return {};
  const auto deadline = Clock::now() + settings_.wait;
  while (channel_ == nullptr) {
    if (auto accepted = accept(); !accepted) return accepted;
    if (channel_ != nullptr) break;
    std::array fds = {pollfd{door_->fd(), POLLIN, 0}, pollfd{settings_.interrupt_fd, POLLIN, 0}};
    const int ready = ::poll(fds.data(), fds.size(), milliseconds_until(deadline));
    if (ready > 0 && fds[1].revents != 0) return failure("interrupted", Cause::kInterrupted);
    if (ready == 0) {
      const double seconds = std::chrono::duration<double>(settings_.wait).count();
      return failure(
          fmt::format("no guest has {} within {:g} s", door_->what_a_guest_does(), seconds),
          Cause::kTimeout);
    }
  }
  return {};
}

bool Host::has_guest() {
  if (channel_ != nullptr && channel_->guest_closed()) lose_guest();
  return channel_ != nullptr;
}

void Host::close() {
  if (channel_ == nullptr) return;
  forget_channel();
  auto renewed = door_->rescind();
  if (renewed) renewed = door_->offer();
  if (!renewed) say_(renewed.error().what);
}

Result<void> Host::rescind() {
  forget_channel();
  return door_->rescind();
}

void Host::lose_guest() {
  say_("the guest has closed the channel");
  forget_channel();
}

void Host::forget_channel() {
  if (channel_ == nullptr) return;
  channel_.reset();
  inbox_.clear();
  if (witness_ != nullptr) witness_->closed();
}

// Whether there is something in the inbox now.
Result<bool> Host::pump() {
  for (std::size_t i = 0; i < kPacketsPerPump; ++i) {
    auto received = channel_->receive();
    if (!received) return std::unexpected(received.error());
    if (!*received) break;
    if (witness_ != nullptr) witness_->received((*received)->packet);
    inbox_.push_back({std::move(**received), Clock::now()});
  }
  return !inbox_.empty();
}

bool Host::signal_follows() {
  return channel_->wait(Clock::now() + kSignalGrace, {}) != Wake::kTimeout;
}

Result<void> Host::await(const std::function<Result<bool>()>& done, Clock::time_point deadline) {
  bool unsignalled = false;
  while (true) {
    const auto is_done = done();
    if (!is_done) return std::unexpected(is_done.error());
    if (*is_done) {
      if (unsignalled && expect_signals_ && !signal_follows()) ++missing_signals_;
      return {};
    }
    const Clock::duration slice = expect_signals_ ? Clock::duration(kSlice) : kUnsignalledSlice;
    switch (channel_->wait(std::min(deadline, Clock::now() + slice), {settings_.interrupt_fd})) {
      case Wake::kInterrupted: return failure("interrupted", Cause::kInterrupted);
      case Wake::kSignal: unsignalled = false; break;
      case Wake::kTimeout:
        // done() looks once more.
        if (Clock::now() >= deadline && unsignalled) return failure("too late", Cause::kTimeout);
        unsignalled = true;
        break;
      default:
        // What it wrote before it closed still counts.
        if (const auto last = done(); last && *last) return {};
        lose_guest();
        return failure("the guest has closed the channel", Cause::kClosed);
    }
  }
}

Result<bool> Host::try_send(View packet) {
  auto sent = channel_->send(packet);
  if (!sent) return std::unexpected(sent.error());
  return *sent != Sent::kNoRoom;
}

Result<void> Host::send(View packet) {
  const std::uint32_t data_bytes = ring_bytes_ - kRingHeaderBytes;
  if (packet.size() % 8 != 0 || packet.size() + kTrailerBytes >= data_bytes) {
    return failure(
        fmt::format("a packet of {} bytes does not fit into a ring of {}: give a larger "
                    "--ring-bytes",
                    packet.size(), data_bytes));
  }
  auto sent = try_send(packet);
  if (sent && !*sent) {
    channel_->writer().want_room(packet.size());
    const auto room = [&]() -> Result<bool> {
      // The guest may be waiting for room itself, in the other ring.
      if (auto pumped = pump(); !pumped) return pumped;
      return try_send(packet);
    };
    if (auto awaited = await(room, Clock::now() + settings_.answer_timeout); !awaited) {
      return awaited;
    }
  } else if (!sent) {
    return std::unexpected(sent.error());
  }
  if (witness_ != nullptr) witness_->sent(packet);
  return {};
}

Result<Arrival> Host::receive(Clock::time_point deadline) {
  if (inbox_.empty()) {
    if (channel_ == nullptr) return failure("there is no guest", Cause::kClosed);
    auto awaited = await([this] { return pump(); }, deadline);
    if (!awaited) return std::unexpected(awaited.error());
  }
  Arrival first = std::move(inbox_.front());
  inbox_.pop_front();
  return first;
}

Result<bool> Host::pause(Clock::time_point deadline, int fd) {
  while (true) {
    if (channel_ == nullptr) {
      std::array fds = {pollfd{door_->fd(), POLLIN, 0}, pollfd{fd, POLLIN, 0},
                        pollfd{settings_.interrupt_fd, POLLIN, 0}};
      const int ready = ::poll(fds.data(), fds.size(), milliseconds_until(deadline));
      if (ready > 0 && fds[2].revents != 0) return failure("interrupted", Cause::kInterrupted);
      if (ready > 0 && fds[1].revents != 0) return true;
      if (auto accepted = accept(); !accepted) return std::unexpected(accepted.error());
      if (Clock::now() >= deadline) return false;
      continue;
    }
    switch (channel_->wait(deadline, {settings_.interrupt_fd, fd})) {
      case Wake::kInterrupted: return failure("interrupted", Cause::kInterrupted);
      case Wake::kOther: return true;
      case Wake::kTimeout: return false;
      case Wake::kClosed: lose_guest(); break;
      case Wake::kSignal:
        if (auto pumped = pump(); !pumped) return pumped;
        break;
    }
  }
}

std::uint32_t Host::packet_limit() const {
  return ring_bytes_ - kRingHeaderBytes - kTrailerBytes - 8;
}

Ids Host::next_ids() {
  const std::uint64_t id = next_id_++;
  return {id, static_cast<std::uint8_t>(id)};
}

}  // namespace hostsim
