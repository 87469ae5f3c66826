// What is said on a channel: a packet of the host becomes a question to the coordinator or is
// answered at once, and the coordinator's word becomes the answer. Pure: packets in, packets out.
//
// Every request has a private copy from the moment it is taken until its answer is given, and the
// answer is made in that copy: a second request never touches the first.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.hpp"
#include "wire/hyperv/vss_message.hpp"

namespace vss::requesters::vmbus {

// What the coordinator is asked for one request; `tag` comes back with its answer.
struct Question {
  wire::hyperv::VssOperation operation{};  // kHotBackup, kFreeze or kThaw
  std::uint32_t tag = 0;
};

// An answer that waits for room in the ring.
struct ReadyAnswer {
  std::span<const std::byte> packet;  // descriptor and payload
  std::string_view request;
  base::Instant asked;
  bool success = false;
};

// Packets that got no answer, since none could be made.
struct Ignored {
  std::uint64_t count = 0;
  std::string_view last;  // why
};

// All memory is taken at construction. One thread; freeze-safe.
class Dialogue {
 public:
  // The longest packet without trailer: what Hyper-V's integration services send at most.
  static constexpr std::size_t kPacketBytesMax = 16'384;
  // Requests under way, and those among them that wait for the coordinator: one more of these is
  // answered with failure at once.
  static constexpr std::size_t kRequestsMax = 16;
  static constexpr std::size_t kQuestionsMax = 8;

  Dialogue();

  // Where the next packet is to be copied; empty: no request can be taken before an answer is
  // given.
  std::span<std::byte> buffer();
  // The buffer holds a packet of `bytes`, its descriptor checked.
  std::optional<Question> received(std::size_t bytes, base::Instant now);
  // A packet that the ring itself dropped.
  void ignored(std::string_view why);

  // False: no request waits under this tag.
  bool answer(std::uint32_t tag, bool success);

  // The oldest answer that was not given yet; given() takes it out.
  std::optional<ReadyAnswer> ready() const;
  void given();

  const Ignored& ignored() const { return ignored_; }

 private:
  enum class State : std::uint8_t { kFree, kAsked, kReady };
  struct Request {
    State state = State::kFree;
    std::uint32_t tag = 0;    // kAsked
    std::uint64_t order = 0;  // kReady: lowest first
    std::size_t bytes = 0;    // of the packet
    wire::hyperv::VssOperation operation{};
    std::string_view name;
    base::Instant asked;
    bool success = false;
    std::array<std::byte, kPacketBytesMax> packet{};
  };

  Request* find_free();
  static std::span<std::byte> payload_of(Request& request);
  static bool make_plain(Request& request);
  std::optional<Question> vss(Request& request, std::size_t length);
  void finish(Request& request, bool success);
  std::size_t questions() const;

  std::unique_ptr<std::array<Request, kRequestsMax>> requests_;
  Request* filling_ = nullptr;  // whose buffer was handed out
  Ignored ignored_;
  std::uint32_t last_tag_ = 0;
  std::uint64_t next_order_ = 0;
};

}  // namespace vss::requesters::vmbus
