#include "hostsim/duel.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sched.h>

#include "hostsim/answer_check.hpp"

namespace hostsim {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;  // for an answer, and for a guest to come back
constexpr auto kBriefPatience = 5s;
constexpr auto kReadingPatience = 50ms;
constexpr int kYields = 200;

}  // namespace

Bytes Duel::request(Operation operation) {
  return operation_packet(next_ids(), operation, host_.packet_limit());
}

void Duel::watch(const Bytes& packet, Expect expect) {
  if (expect == Expect::kOneAnswer) ++awaited_;
  slow_ = slow_ || asks_for(packet, Operation::kFreeze) ||
          asks_for(packet, Operation::kHotBackup) || asks_for(packet, Operation::kThaw);
  watched_[ids_of(packet).transaction] = {packet, expect};
}

Result<void> Duel::send(const Bytes& packet, Expect expect) {
  if (!has_guest()) return after_loss({Cause::kClosed, "the guest has closed the channel"});
  watch(packet, expect);
  if (auto sent = host_.send(packet); !sent) return after_loss(sent.error());
  return {};
}

Result<bool> Duel::try_send(const Bytes& packet, Expect expect) {
  if (!has_guest()) return failure("the guest has closed the channel");
  const auto sent = channel().send(packet);
  if (!sent) return std::unexpected(sent.error());
  if (*sent == Sent::kNoRoom) return false;
  watch(packet, expect);
  return true;
}

Result<void> Duel::write_raw(const Bytes& bytes) {
  if (!has_guest()) return after_loss({Cause::kClosed, "the guest has closed the channel"});
  if (auto sent = host_.send(bytes); !sent) return after_loss(sent.error());
  channel().signal_guest();
  return {};
}

Result<void> Duel::judge(const Arrival& arrival) {
  const View packet = arrival.received.packet;
  const auto found = watched_.find(ids_of(packet).transaction);
  if (found == watched_.end()) {
    if (anything_allowed_) return {};
    return failure(fmt::format("an answer that nobody asked for: {} with transaction id {:#x}",
                               name_of(packet), ids_of(packet).transaction));
  }
  Watched& watched = found->second;
  const std::string name = name_of(watched.packet);
  if (++watched.answers > 1) return failure(name + " is answered twice");
  if (watched.expect == Expect::kNoAnswer) return failure(name + " must not be answered, and is");
  if (watched.expect == Expect::kAtMostOne) return {};
  --awaited_;
  const Verdict verdict =
      check_answer(watched.packet, arrival.received, host_.settings().answers_of);
  if (verdict.complaints.empty()) return {};
  return failure(fmt::format("the answer to {}: {}", name, fmt::join(verdict.complaints, "; ")));
}

// The answers that are due. The guest may be gone afterwards, if it was allowed to go.
Result<void> Duel::collect() {
  Clock::duration patience = kPatience;
  if (slow_) patience = host_.settings().answer_timeout;
  if (brief_) patience = kBriefPatience;
  const auto deadline = Clock::now() + patience;
  while (awaited_ > 0) {
    auto arrival = host_.receive(deadline);
    if (arrival) {
      if (auto judged = judge(*arrival); !judged) return judged;
      continue;
    }
    if (arrival.error().cause != Cause::kTimeout) return after_loss(arrival.error());
    const double seconds = std::chrono::duration<double>(patience).count();
    return failure(fmt::format(
        "{} requests are not answered within {:g} s, and the channel is open", awaited_, seconds));
  }
  return {};
}

// The guest is gone, or its ring is impossible to read: fine where it was driven to it.
Result<void> Duel::after_loss(const Problem& problem) {
  if (problem.cause == Cause::kInterrupted) return std::unexpected(problem);
  if (!anything_allowed_) return failure(problem.what);
  host_.close();
  awaited_ = 0;
  return {};
}

Result<void> Duel::resync() {
  if (has_guest()) {
    if (auto sent = send(request(Operation::kGetDmInfo), Expect::kOneAnswer); !sent) return sent;
    if (auto collected = collect(); !collected) return collected;
    if (has_guest()) return {};
  }
  if (!anything_allowed_) return failure("the guest has closed the channel");
  return reconnect();
}

Result<void> Duel::reconnect() {
  // A new one may have been opened already, while we waited.
  if (host_.channel_number() == channel_) host_.close();
  watched_.clear();
  awaited_ = 0;
  const auto deadline = Clock::now() + kPatience;
  while (!host_.has_guest() && Clock::now() < deadline) {
    if (auto paused = host_.pause(Clock::now() + 1ms); !paused) {
      return std::unexpected(paused.error());
    }
  }
  if (!host_.has_guest()) return failure("the guest does not come back within 10 s");
  channel_ = host_.channel_number();
  auto negotiated = send(negotiate_packet(next_ids()), Expect::kOneAnswer);
  return negotiated ? collect() : negotiated;
}

Result<void> Duel::let_it_read() {
  for (int i = 0; i < kYields && has_guest(); ++i) {
    const std::uint32_t index = channel().to_guest().load(RingWord::kReadIndex);
    if (index == channel().writer().index()) return {};
    ::sched_yield();
  }
  const auto deadline = Clock::now() + kReadingPatience;
  while (has_guest() && Clock::now() < deadline) {
    const std::uint32_t index = channel().to_guest().load(RingWord::kReadIndex);
    if (index == channel().writer().index()) return {};
    if (auto waited = let_it_react(1ms); !waited) return waited;
  }
  return {};
}

Result<void> Duel::let_it_react(std::chrono::milliseconds time) {
  auto paused = host_.pause(Clock::now() + time);
  if (!paused) return after_loss(paused.error());
  return {};
}

Result<void> Duel::thaw() {
  if (auto sent = send(request(Operation::kThaw), Expect::kOneAnswer); !sent) return sent;
  return collect();
}

}  // namespace hostsim
