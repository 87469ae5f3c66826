#include "hostsim/conversation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hostsim/answer_check.hpp"

namespace hostsim {
namespace {

using namespace std::chrono_literals;

constexpr auto kLeavingTimeout = 5s;
constexpr auto kGuestClosed = "the guest closed the channel before it answered";

std::chrono::microseconds between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration_cast<std::chrono::microseconds>(to - from);
}

}  // namespace

Bytes Conversation::packet_for(Operation operation) {
  return operation_packet(host_.next_ids(), operation, host_.packet_limit());
}

Result<void> Conversation::post(const Bytes& packet) {
  if (!host_.has_guest()) give_up_all(kGuestClosed);
  if (auto guest = host_.need_guest(); !guest) return guest;
  notice_new_channel();
  const Clock::duration timeout =
      leaving_ ? Clock::duration(kLeavingTimeout) : host_.settings().answer_timeout;
  const auto now = Clock::now();
  const std::uint64_t id = ids_of(packet).transaction;
  if (asks_for(packet, Operation::kFreeze)) may_be_frozen_ = true;
  outstanding_[id] = {packet, now, now + timeout};
  auto sent = host_.send(packet);
  if (sent) return sent;
  if (sent.error().cause == Cause::kInterrupted) return sent;
  StepReport report = {name_of(packet), false, 0, between(now, Clock::now()), {}};
  report.complaints.push_back("cannot be sent: " + sent.error().what);
  if (sent.error().cause == Cause::kTimeout) report.complaints.front() = "the guest reads nothing";
  finish(id, report);
  return {};
}

Result<StepReport> Conversation::ask(const Bytes& packet) {
  awaited_ = ids_of(packet).transaction;
  auto posted = post(packet);
  while (posted && outstanding_.contains(*awaited_))
    posted = next();
  awaited_.reset();
  if (!posted) return std::unexpected(posted.error());
  return awaited_report_;
}

Result<void> Conversation::settle() {
  while (!outstanding_.empty()) {
    if (auto one = next(); !one) return one;
  }
  return {};
}

Result<void> Conversation::rest(Clock::time_point deadline) {
  while (Clock::now() < deadline) {
    if (!host_.has_guest()) {
      give_up_all(kGuestClosed);
      const auto paused = host_.pause(deadline);
      if (!paused) return std::unexpected(paused.error());
      return {};
    }
    const auto arrival = host_.receive(deadline);
    if (arrival) {
      judge(*arrival);
    } else if (arrival.error().cause == Cause::kInterrupted) {
      return std::unexpected(arrival.error());
    } else if (arrival.error().cause == Cause::kOther) {
      lose_damaged_ring(arrival.error().what);
    }
  }
  return {};
}

void Conversation::close() {
  forget();
  host_.close();
}

void Conversation::forget() {
  outstanding_.clear();
  may_be_frozen_ = false;
}

void Conversation::lose_damaged_ring(const std::string& what) {
  host_.close();
  if (outstanding_.empty()) sink_({"RING", false, 0, {}, {"the guest damaged it: " + what}});
  give_up_all("the guest damaged the ring: " + what);
}

// What was asked on a channel that is gone is never answered.
void Conversation::notice_new_channel() {
  if (channel_ == host_.channel_number()) return;
  channel_ = host_.channel_number();
  give_up_all(kGuestClosed);
}

// One answer, or whatever else ends at least one step.
Result<void> Conversation::next() {
  notice_new_channel();
  if (outstanding_.empty()) return {};
  const auto first = std::ranges::min_element(
      outstanding_, {}, [](const auto& entry) { return entry.second.deadline; });
  const auto arrival = host_.receive(first->second.deadline);
  if (arrival) {
    judge(*arrival);
    return {};
  }
  const Problem& problem = arrival.error();
  switch (problem.cause) {
    case Cause::kInterrupted: return std::unexpected(problem);
    case Cause::kTimeout: expire(); break;
    case Cause::kClosed: give_up_all(kGuestClosed); break;
    case Cause::kOther: lose_damaged_ring(problem.what); break;
  }
  return {};
}

void Conversation::judge(const Arrival& arrival) {
  const View packet = arrival.received.packet;
  const std::uint64_t id = ids_of(packet).transaction;
  const auto asked = outstanding_.find(id);
  StepReport report = {name_of(packet), true, 0, {}, {}};
  if (asked == outstanding_.end()) {
    report.status = load<std::uint32_t>(packet, kStatusAt);
    report.complaints.push_back(
        fmt::format("nobody waits for an answer with transaction id {:#x}", id));
    return sink_(report);
  }
  Verdict verdict =
      check_answer(asked->second.request, arrival.received, host_.settings().answers_of);
  report.name = name_of(asked->second.request);
  report.status = verdict.status;
  report.complaints = std::move(verdict.complaints);
  report.latency = between(asked->second.sent, arrival.at);
  if (host_.missing_signals() != missing_signals_seen_) {
    missing_signals_seen_ = host_.missing_signals();
    report.complaints.emplace_back("it lay in the ring without a signal");
  }
  if (asks_for(asked->second.request, Operation::kThaw)) may_be_frozen_ = false;
  finish(id, report);
}

void Conversation::finish(std::uint64_t id, const StepReport& report) {
  outstanding_.erase(id);
  if (awaited_ == id) awaited_report_ = report;
  sink_(report);
}

void Conversation::give_up_all(const std::string& why) {
  may_be_frozen_ = false;  // a channel that closes takes its transaction along
  while (!outstanding_.empty()) {
    const auto& [id, one] = *outstanding_.begin();
    finish(id, {name_of(one.request), false, 0, between(one.sent, Clock::now()), {why}});
  }
}

void Conversation::expire() {
  const auto now = Clock::now();
  for (auto i = outstanding_.begin(); i != outstanding_.end();) {
    const auto& [id, one] = *i++;
    if (one.deadline > now) continue;
    const double seconds = std::chrono::duration<double>(one.deadline - one.sent).count();
    finish(id, {name_of(one.request),
                false,
                0,
                between(one.sent, now),
                {fmt::format("no answer within {:g} s", seconds)}});
  }
}

void Conversation::thaw_before_leaving() {
  host_.ignore_interrupts();
  if (std::exchange(leaving_, true)) return;
  if (!host_.has_guest() || !may_be_frozen_) return;
  // Whatever comes of it: the host is leaving.
  [[maybe_unused]] const auto thawed = ask(Operation::kThaw);
}

}  // namespace hostsim
