#include "freezer/loop_files.hpp"

#include <array>
#include <span>
#include <vector>

#include "platform/block_graph.hpp"
#include "platform/clock.hpp"
#include "platform/mount_identity.hpp"
#include "platform/poll.hpp"
#include "platform/sleep.hpp"
#include "platform/socket.hpp"

namespace vss::freezer {
namespace {

constexpr base::milliseconds kPatience{300};  // for all of them
constexpr base::milliseconds kEndPatience{50};
constexpr base::Duration kLook = std::chrono::microseconds{100};  // the requester waits too

struct Question {
  std::size_t at = 0;  // in BlockStack::devices
  platform::BlockNumber device;
  std::string node;
  std::string path;
};

struct Answer {
  std::uint64_t at = 0;
  std::uint32_t known = 0, path_known = 0, is_device = 0;
  plan::FileNumber file, at_path;
  plan::DeviceNumber on_device;
};

std::vector<Question> questions_about(const plan::BlockStack& blocks, const std::string& root) {
  std::vector<Question> questions;
  for (std::size_t i = 0; i < blocks.devices.size(); ++i) {
    const plan::BlockDevice& device = blocks.devices[i];
    if (!device.loop || !device.backing_file) continue;
    questions.push_back({i,
                         {device.device.major, device.device.minor},
                         "/dev/" + device.name,
                         root + *device.backing_file});
  }
  return questions;
}

// In the helper: no allocation.
void answer_all(int socket, const std::vector<Question>& questions) {
  for (const Question& question : questions) {
    Answer answer;
    answer.at = question.at;
    if (const auto file = platform::ask_loop_device(question.node.c_str(), question.device)) {
      answer.known = 1;
      answer.file = {{file->filesystem.major, file->filesystem.minor}, file->inode};
      if (file->is_device) {
        answer.is_device = 1;
        answer.on_device = {file->is_device->major, file->is_device->minor};
      }
    }
    if (const auto found = platform::identify(question.path)) {
      answer.path_known = 1;
      answer.at_path = {{found->major, found->minor}, found->inode};
    }
    if (platform::send_packet(socket, std::as_bytes(std::span{&answer, 1})) !=
        platform::IoOutcome::kDone) {
      return;
    }
  }
}

void take(const Answer& answer, plan::BlockStack& blocks) {
  if (answer.at >= blocks.devices.size()) return;
  plan::BlockDevice& device = blocks.devices[answer.at];
  if (answer.known != 0) {
    // Whatever a path led to: the number is the truth.
    device.slaves.clear();
    if (answer.is_device != 0) {
      device.slaves.push_back(answer.on_device);
      return;
    }
    device.backing = answer.file;
  }
  if (answer.path_known != 0) device.at_path = answer.at_path;
}

}  // namespace

void LoopFiles::look_up(plan::BlockStack& blocks, const std::string& root) {
  const std::vector<Question> questions = questions_about(blocks, root);
  if (questions.empty() || !helper_.ended()) return;
  auto helper = platform::HelperProcess::start([&](int socket) { answer_all(socket, questions); });
  if (!helper) return;
  helper_ = std::move(*helper);
  const base::Instant limit = platform::now() + kPatience;
  for (std::size_t answers = 0; answers < questions.size() && platform::now() < limit;) {
    Answer answer;
    platform::ReceivedPacket received;
    const auto outcome = platform::receive_packet(
        helper_.socket(), std::as_writable_bytes(std::span{&answer, 1}), received);
    if (outcome == platform::IoOutcome::kWouldBlock) {
      std::array<platform::PollEntry, 1> entries{
          platform::PollEntry{helper_.socket(), false, false, false}};
      platform::wait_until(entries, limit);
      continue;
    }
    if (outcome != platform::IoOutcome::kDone || received.bytes.size() != sizeof answer) break;
    take(answer, blocks);
    ++answers;
  }
  helper_.kill();
  end_helper();
}

// It is ending, unless it hangs in the kernel: then it is reaped when the next one is wanted.
void LoopFiles::end_helper() {
  const base::Instant limit = platform::now() + kEndPatience;
  while (!helper_.ended() && platform::now() < limit)
    platform::sleep_for(kLook);
  if (helper_.ended()) helper_ = {};
}

}  // namespace vss::freezer
