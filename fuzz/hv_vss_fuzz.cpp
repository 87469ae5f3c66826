// Any course of things at /dev/vmbus/hv_vss: whatever is read, refused or late, an answer is
// written only for the request that is outstanding, in time, and after the end nothing more is
// asked of it.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/assert.hpp"
#include "requesters/hv_utils/session.hpp"

namespace {

using namespace vss;
using requesters::HvUtilsSession;
using Do = HvUtilsSession::Step::Do;

class Course {
 public:
  Course(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  void run() {
    follow(session_.opened());
    while (!over_ && !rest_.empty())
      turn();
  }

 private:
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }

  void turn() {
    switch (byte() % 6) {
      case 0: return read();
      case 1: return follow(session_.read_failed(byte()));
      case 2: now_ = now_ + base::milliseconds{byte() * 200}; return;
      case 3: return follow(session_.on_time(now_));
      case 4: return answer();
      default: now_ = now_ + base::seconds{byte()}; return;
    }
  }

  void read() {
    std::array<std::byte, wire::kHvVssMessageBytes> message{};
    const std::size_t size = byte() % (message.size() + 1);
    for (std::size_t i = 0; i < size; ++i)
      message[i] = std::byte{byte()};
    VSS_ASSERT(session_.expects() >= wire::kHvVssVersionBytes);
    VSS_ASSERT(session_.expects() <= message.size());
    follow(session_.received(std::span{message}.first(std::min(size, session_.expects())), now_));
  }

  void answer() {
    const auto& outstanding = session_.outstanding();
    const bool right = (byte() & 1) != 0;
    const std::uint32_t tag = outstanding && right ? outstanding->tag : byte();
    const bool mine = outstanding && outstanding->tag == tag;
    const bool late = mine && now_ >= outstanding->limit;
    const auto step = session_.answer(tag, (byte() & 1) != 0, now_, (byte() & 1) != 0);
    if (step.what == Do::kWrite) VSS_ASSERT(mine && !late);
    follow(step);
  }

  void follow(HvUtilsSession::Step step) {
    for (int steps = 0; !over_; ++steps) {
      VSS_ASSERT(steps < 16);
      if (step.what == Do::kWait) return;
      if (step.what == Do::kClose) {
        VSS_ASSERT(!step.why.empty());
        over_ = true;
        return;
      }
      if (step.what == Do::kAsk) {
        VSS_ASSERT(session_.outstanding() && session_.outstanding()->operation);
        return;
      }
      const std::uint8_t error = byte();
      step = error % 3 == 0 ? session_.write_failed(error) : session_.written(now_);
    }
  }

  std::span<const std::uint8_t> rest_;
  HvUtilsSession session_;
  base::Instant now_{1};
  bool over_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Course(data, size).run();
  return 0;
}
