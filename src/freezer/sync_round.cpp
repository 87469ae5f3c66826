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
  const std::size_t processes = std::min(filesystems.size(), kProcessesMax);
  for (std::size_t first = 0; first < processes; ++first) {
    auto process = platform::HelperProcess::start_beside(
        socket, filesystems, [&] { sync_every(processes, first, filesystems, sync_one, socket); });
    if (!process) {
      round.kill();
      return std::unexpected(process.error());
    }
    round.processes_.push_back(std::move(*process));
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
  std::size_t i = 0;
  while (i < results_.size() && answered(i))
    ++i;
  return i;
}

void SyncRound::kill() {
  for (platform::HelperProcess& process : processes_)
    process.kill();
}

bool SyncRound::ended() {
  std::erase_if(processes_, [](platform::HelperProcess& process) { return process.ended(); });
  return processes_.empty();
}

}  // namespace vss::freezer
