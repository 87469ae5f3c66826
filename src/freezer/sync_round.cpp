#include "freezer/sync_round.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "platform/poll.hpp"
#include "platform/socket.hpp"

namespace vss::freezer {
namespace {

struct Answer {
  std::uint32_t filesystem = 0;
  std::int32_t error = 0;
};

// --- in a child: no allocation ---

bool send_answer(int socket, const Answer& answer) {
  for (;;) {
    const auto sent = platform::send_packet(socket, std::as_bytes(std::span{&answer, 1}));
    if (sent != platform::IoOutcome::kWouldBlock) return sent == platform::IoOutcome::kDone;
    std::array<platform::PollEntry, 1> entries{platform::PollEntry{socket, true, false, false}};
    platform::wait_until(entries, base::Instant::never());
  }
}

void sync_every(std::size_t step, std::size_t first, std::span<const int> filesystems,
                SyncRound::Sync sync_one, int socket) {
  for (std::size_t i = first; i < filesystems.size(); i += step) {
    Answer answer{static_cast<std::uint32_t>(i), 0};
    answer.error = sync_one(filesystems[i]);
    if (!send_answer(socket, answer)) return;
  }
}

}  // namespace

base::Result<SyncRound> SyncRound::start(std::span<const int> filesystems, Sync sync_one) {
  auto pair = platform::socket_pair();
  if (!pair) return std::unexpected(pair.error());
  SyncRound round(std::move(pair->first), filesystems.size());
  const int socket = pair->second.get();
  const std::size_t step = round.step_;
  for (std::size_t first = 0; first < step; ++first) {
    auto process = platform::HelperProcess::start_beside(
        socket, filesystems, [&] { sync_every(step, first, filesystems, sync_one, socket); });
    if (!process) {
      round.failure_ = process.error();
      round.kill();
      break;
    }
    round.workers_.push_back({std::move(*process), first});
  }
  return round;
}

void SyncRound::receive() {
  for (;;) {
    Answer answer;
    platform::ReceivedPacket received;
    const auto outcome = platform::receive_packet(
        socket_.get(), std::as_writable_bytes(std::span{&answer, 1}), received);
    if (outcome != platform::IoOutcome::kDone) return;
    if (received.bytes.size() != sizeof answer || answer.filesystem >= results_.size()) continue;
    if (answered(answer.filesystem)) continue;
    results_[answer.filesystem] = answer.error;
    ++answered_;
  }
}

std::size_t SyncRound::first_unanswered() const {
  const std::size_t size = results_.size();
  std::size_t first = size;
  for (std::size_t i = 0; i < size; ++i) {
    if (answered(i)) continue;
    if (left(i)) return i;
    first = std::min(first, i);
  }
  return first;
}

bool SyncRound::left(std::size_t i) const {
  return std::ranges::any_of(workers_,
                             [&](const Worker& worker) { return worker.first == i % step_; });
}

void SyncRound::kill() {
  for (Worker& worker : workers_)
    worker.process.kill();
}

bool SyncRound::ended() {
  std::erase_if(workers_, [](Worker& worker) { return worker.process.ended(); });
  return workers_.empty();
}

std::vector<platform::HelperProcess> SyncRound::take_processes() {
  std::vector<platform::HelperProcess> taken;
  for (Worker& worker : workers_)
    taken.push_back(std::move(worker.process));
  workers_.clear();
  return taken;
}

}  // namespace vss::freezer
