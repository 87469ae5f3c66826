#include "freezer/pre_sync.hpp"

#include <algorithm>

namespace vss::freezer {
namespace {

using base::Instant;
using State = PreSync::State;

plan::FlushState state_of(const std::optional<platform::FlushCounters>& counters) {
  if (!counters) return {};
  return {counters->pending, counters->dirtied, counters->written};
}

}  // namespace

PreSync::PreSync(Work work, const Kernel& kernel, Instant now, Instant answer_by)
    : work_(std::move(work)), kernel_(kernel), rounds_end_(now + (answer_by - now) / 2) {}

base::Result<State> PreSync::go_on(Instant now) {
  if (!round_) return start_round(now);
  round_->receive();
  if (!round_->complete() && !given_up_ && now >= rounds_end_ && may_give_up()) {
    given_up_ = true;
    round_->kill();
  }
  if (!round_->ended()) return State::kRunning;
  round_->receive();  // what it said last
  return finish_round(now);
}

bool PreSync::may_give_up() const {
  if (work_.policy.always) return false;
  for (std::size_t i = 0; i < in_round_.size(); ++i) {
    if (in_round_[i] >= work_.to_freeze && !round_->answered(i)) return false;
  }
  return true;
}

base::Result<State> PreSync::start_round(Instant now) {
  const auto counters = kernel_.counters();
  before_ = state_of(counters);
  if (!started_) first_ = before_;
  if (!counters && work_.policy.stall_budget > base::Duration{0}) {
    return base::fail("stall_budget is set, but /proc/vmstat does not tell what is dirty");
  }
  plan::FlushPolicy policy = work_.policy;
  policy.always = policy.always || !counters;  // nobody knows whether it pays: once
  forecast_ = plan::forecast({.policy = policy,
                              .filesystems = work_.to_freeze,
                              .now = before_,
                              .rounds = rounds_,
                              .time_left = rounds_end_ - now});
  measures_ = forecast_.round && work_.to_freeze > 0 && !given_up_;
  in_round_.clear();
  for (std::size_t i = work_.to_freeze; i < work_.descriptors.size() && !started_; ++i)
    in_round_.push_back(i);
  for (std::size_t i = 0; i < work_.to_freeze && measures_; ++i)
    in_round_.push_back(i);
  started_ = true;
  if (in_round_.empty()) return State::kDone;
  std::vector<int> descriptors;
  for (const std::size_t i : in_round_)
    descriptors.push_back(work_.descriptors[i]);
  auto round = SyncRound::start(descriptors, kernel_.sync);
  if (!round) return std::unexpected(round.error());
  round_.emplace(std::move(*round));
  if (round_->failure()) return std::unexpected(*round_->failure());
  began_ = now;
  return State::kRunning;
}

base::Result<State> PreSync::finish_round(Instant now) {
  if (!round_->complete() && !given_up_) {
    return base::fail("a process that syncs filesystems died; try again");
  }
  for (std::size_t i = 0; i < in_round_.size() && !failure_; ++i) {
    if (round_->error_of(i) != 0) failure_ = Failure{in_round_[i], round_->error_of(i)};
  }
  const bool complete = round_->complete();
  round_.reset();
  took_ += now - began_;
  if (measures_) {
    rounds_.push_back({before_, state_of(kernel_.counters()), now - began_, complete});
  }
  if (failure_) return State::kDone;
  return start_round(now);
}

std::size_t PreSync::waits_for() const {
  if (!round_ || round_->complete()) return work_.descriptors.size();
  return in_round_[round_->first_unanswered()];
}

wire::FlushReport PreSync::report() const {
  wire::FlushReport report;
  report.rounds = static_cast<std::uint32_t>(rounds_.size());
  report.given_up = given_up_ ? 1 : 0;
  report.pending = first_.pending;
  report.left = forecast_.pending;
  report.rate = forecast_.measured ? forecast_.rate : 0;
  report.took = static_cast<std::uint64_t>(took_.count());
  report.predicted_stall = static_cast<std::uint64_t>(forecast_.stall.count());
  for (const plan::FlushRound& round : rounds_) {
    report.written += round.after.written - std::min(round.before.written, round.after.written);
  }
  return report;
}

bool PreSync::stop() {
  if (!round_ || round_->ended()) return true;
  round_->kill();
  return round_->ended();
}

std::vector<platform::HelperProcess> PreSync::take_processes() {
  if (!round_) return {};
  return round_->take_processes();
}

}  // namespace vss::freezer
