#include "freezer/open_helper.hpp"

#include <errno.h>

#include <array>
#include <cstring>
#include <span>

#include "platform/mount_identity.hpp"
#include "platform/poll.hpp"
#include "platform/socket.hpp"

namespace vss::freezer {
namespace {

struct Answer {
  std::uint32_t item = 0;
  std::int32_t open_error = 0;
};

// --- in the helper: no allocation ---

Answer open_item(const OpenItem& item, base::UniqueFd& fd) {
  Answer answer;
  answer.open_error = ENOENT;
  bool first = true;
  for (const OpenItem::Candidate& candidate : item.candidates) {
    const int error = platform::open_mount(candidate.path.c_str(), candidate.mount_id, fd);
    if (first || error == 0) answer.open_error = error;
    first = false;
    if (error == 0) break;
  }
  if (!fd && !item.device.empty()) {
    answer.open_error = platform::open_by_private_mount(item.device, item.type, fd);
  }
  return answer;
}

bool send_answer(int socket, const Answer& answer, int fd) {
  const auto bytes = std::as_bytes(std::span{&answer, 1});
  for (;;) {
    const auto sent = platform::send_packet(socket, bytes, {&fd, std::size_t{fd >= 0 ? 1U : 0U}});
    if (sent != platform::IoOutcome::kWouldBlock) return sent == platform::IoOutcome::kDone;
    std::array<platform::PollEntry, 1> entries{platform::PollEntry{socket, true, false, false}};
    platform::wait_until(entries, base::Instant::never());
  }
}

void serve(int socket, const std::vector<OpenItem>& items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    base::UniqueFd fd;
    Answer answer = open_item(items[i], fd);
    answer.item = static_cast<std::uint32_t>(i);
    if (!send_answer(socket, answer, fd.get())) return;
  }
}

}  // namespace

base::Result<OpenHelper> OpenHelper::start(std::vector<OpenItem> items) {
  auto process = platform::HelperProcess::start([&](int socket) { serve(socket, items); });
  if (!process) return std::unexpected(process.error());
  return OpenHelper(std::move(*process), items.size());
}

void OpenHelper::receive() {
  for (;;) {
    Answer answer;
    platform::ReceivedPacket received;
    const auto outcome = platform::receive_packet(
        process_.socket(), std::as_writable_bytes(std::span{&answer, 1}), received);
    if (outcome == platform::IoOutcome::kWouldBlock) return;
    base::UniqueFd fd{received.descriptors.empty() ? -1 : received.descriptors[0]};
    if (outcome != platform::IoOutcome::kDone || received.bytes.size() != sizeof answer ||
        answer.item != answered_ || answered_ == results_.size()) {
      broken_ = broken_ || answered_ < results_.size();
      return;
    }
    OpenedItem& result = results_[answered_++];
    result.answered = true;
    result.fd = std::move(fd);
    result.open_error = answer.open_error;
  }
}

bool OpenHelper::finished() {
  return answered_ == results_.size() && !broken_ && process_.ended();
}

bool OpenHelper::stop() {
  if (process_.ended()) return true;
  process_.kill();
  return process_.ended();
}

}  // namespace vss::freezer
