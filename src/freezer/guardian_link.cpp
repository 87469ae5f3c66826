#include "freezer/guardian_link.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "platform/socket.hpp"

namespace vss::freezer {

using News = GuardianLink::News;

void GuardianLink::connect(const std::string& path, const SlotTable& table,
                           const ThawedPage& page) {
  if (socket_) return;
  auto socket = platform::connect_to(path);
  if (!socket) {
    reason_ = base::FixedText<160>{"no guardian: "}.append(socket.error().message);
    return;
  }
  const auto peer = platform::peer_credentials(socket->get());
  if (!peer || peer->user_id != ::geteuid()) {
    reason_ = "what listens at the guardian's socket belongs to another user";
    return;
  }
  socket_ = std::move(*socket);
  reason_ = "the guardian has not answered yet";
  GuardianPacket hello;
  hello.word = GuardianWord::kHello;
  hello.process_id = static_cast<std::uint32_t>(::getpid());
  // Where this fails it has refused us already: receive() finds out why.
  platform::send_packet(socket_.get(), hello.bytes(),
                        std::array{table.descriptor(), page.descriptor()});
}

void GuardianLink::close() {
  socket_.reset();
  greeted_ = armed_ = false;
  arming_.clear();
  next_to_send_ = 0;
}

News GuardianLink::lost(std::string_view reason) {
  close();
  reason_ = base::FixedText<160>{reason};
  return News::kLost;
}

News GuardianLink::receive() {
  std::array<std::byte, sizeof(GuardianPacket)> buffer;
  platform::ReceivedPacket received;
  auto outcome = platform::receive_packet(socket_.get(), buffer, received);
  // The reset of a connection is told before the refusal that was sent ahead of it.
  if (outcome == platform::IoOutcome::kClosed) {
    outcome = platform::receive_packet(socket_.get(), buffer, received);
  }
  for (const int fd : received.descriptors)
    base::UniqueFd{fd};  // it sends none
  if (outcome == platform::IoOutcome::kWouldBlock) return News::kNothing;
  if (outcome != platform::IoOutcome::kDone) return lost("the guardian is gone");
  const auto packet = GuardianPacket::from(received.bytes);
  if (!packet) return lost("the guardian speaks another version; restart both programs");
  switch (packet->word) {
    case GuardianWord::kWelcome:
      greeted_ = true;
      reason_.clear();
      return News::kReady;
    case GuardianWord::kArmed: return News::kArmed;
    case GuardianWord::kDeadlineSet: return News::kDeadlineSet;
    case GuardianWord::kDisarmed: armed_ = false; return News::kDisarmed;
    case GuardianWord::kRefused:
      return lost(base::FixedText<160>{"the guardian refused: "}.append(packet->reason));
    default: return lost("the guardian speaks another version; restart both programs");
  }
}

News GuardianLink::arm(base::TransactionId transaction, std::vector<int> filesystems) {
  transaction_ = transaction;
  armed_ = true;
  arming_ = std::move(filesystems);
  next_to_send_ = 0;
  return continue_sending();
}

News GuardianLink::continue_sending() {
  while (next_to_send_ < arming_.size()) {
    GuardianPacket packet;
    packet.word = GuardianWord::kArm;
    packet.transaction = transaction_.value;
    packet.first = static_cast<std::uint32_t>(next_to_send_);
    packet.count = static_cast<std::uint32_t>(
        std::min(arming_.size() - next_to_send_, platform::kPacketDescriptorsMax));
    packet.total = static_cast<std::uint32_t>(arming_.size());
    const auto outcome =
        platform::send_packet(socket_.get(), packet.bytes(),
                              std::span<const int>(arming_).subspan(next_to_send_, packet.count));
    if (outcome == platform::IoOutcome::kWouldBlock) return News::kNothing;
    if (outcome != platform::IoOutcome::kDone) return lost("the guardian is gone");
    next_to_send_ += packet.count;
  }
  return News::kNothing;
}

News GuardianLink::set_deadline(base::TransactionId transaction, base::Instant deadline) {
  GuardianPacket packet;
  packet.word = GuardianWord::kDeadline;
  packet.transaction = transaction.value;
  packet.deadline = deadline.nanoseconds_since_boot;
  return send(packet);
}

News GuardianLink::disarm(base::TransactionId transaction) {
  arming_.clear();
  next_to_send_ = 0;
  GuardianPacket packet;
  packet.word = GuardianWord::kDisarm;
  packet.transaction = transaction.value;
  return send(packet);
}

News GuardianLink::send(GuardianPacket packet, std::span<const int> descriptors) {
  const auto outcome = platform::send_packet(socket_.get(), packet.bytes(), descriptors);
  // A queue that is full with these few packets has no reader any more.
  return outcome == platform::IoOutcome::kDone ? News::kNothing : lost("the guardian is gone");
}

}  // namespace vss::freezer
