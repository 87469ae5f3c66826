#include "hostsim/channel.hpp"

#include <algorithm>

namespace hostsim {
namespace {

// An index that cannot be is no place to go on.
std::uint32_t index_or_zero(RingPages ring, RingWord word) {
  const std::uint32_t index = ring.load(word);
  return ring.is_index(index) ? index : 0;
}

}  // namespace

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

Channel::Channel(std::unique_ptr<Carrier> carrier)
    : carrier_(std::move(carrier)),
      from_guest_(carrier_->memory().first(carrier_->memory().size() / 2)),
      to_guest_(carrier_->memory().last(carrier_->memory().size() / 2)),
      reader_(from_guest_, index_or_zero(from_guest_, RingWord::kReadIndex)),
      writer_(to_guest_, index_or_zero(to_guest_, RingWord::kWriteIndex)) {}

std::uint32_t Channel::ring_bytes() const {
  return static_cast<std::uint32_t>(carrier_->memory().size() / 2);
}

Result<Sent> Channel::send(View packet) {
  auto sent = writer_.write(packet);
  if (sent && *sent == Sent::kSignalIsDue && !muted_) signal_guest();
  return sent;
}

Result<std::optional<Received>> Channel::receive() {
  auto received = reader_.read();
  if (received && *received && (*received)->wake_producer) signal_guest();
  return received;
}

}  // namespace hostsim
