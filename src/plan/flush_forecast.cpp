#include "plan/flush_forecast.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace vss::plan {
namespace {

using base::Duration;
using base::milliseconds;
using base::seconds;

constexpr std::uint64_t kAssumedRate = 100'000'000;          // a plain disk
constexpr std::uint64_t kRateFrom = std::uint64_t{4} << 20;  // less written is no measurement
constexpr Duration kShortestRound = milliseconds{100};  // not worth beginning with less time left
constexpr Duration kLeastGain = milliseconds{50};       // for another one
constexpr Duration kLongest = seconds{24 * 3600};

std::uint64_t difference(std::uint64_t later, std::uint64_t earlier) {
  return later > earlier ? later - earlier : 0;
}

Duration time_for(std::uint64_t bytes, double rate) {
  const double nanoseconds = static_cast<double>(bytes) / rate * 1e9;
  if (nanoseconds >= static_cast<double>(kLongest.count())) return kLongest;
  return Duration{static_cast<std::int64_t>(nanoseconds)};
}

double rate_of(std::uint64_t bytes, Duration took) {
  return static_cast<double>(bytes) * 1e9 /
         static_cast<double>(std::max<std::int64_t>(took.count(), 1));
}

// Of the last round that wrote enough to tell.
const FlushRound* telling_round(std::span<const FlushRound> rounds) {
  for (std::size_t i = rounds.size(); i > 0; --i) {
    const FlushRound& round = rounds[i - 1];
    if (difference(round.after.written, round.before.written) >= kRateFrom) return &round;
  }
  return nullptr;
}

// Of what is to be frozen, at most.
std::uint64_t pending_of(const FlushQuestion& question) {
  if (question.rounds.empty() || !question.rounds.back().complete) return question.now.pending;
  return std::min(question.now.pending,
                  difference(question.now.dirtied, question.rounds.back().before.dirtied));
}

bool first_pays(const FlushQuestion& question, const FlushForecast& made) {
  if (question.policy.always) return true;
  const Duration budget = question.policy.stall_budget;
  const bool too_long = budget > Duration{0} && made.stall > budget;
  return question.time_left >= kShortestRound && (made.pending >= kLittleDirty || too_long);
}

// While the next round writes what is dirty now, new data comes as it came during the last.
bool another_pays(const FlushQuestion& question, const FlushForecast& made) {
  if (question.rounds.size() >= kFlushRoundsMax || made.pending < kLittleDirty) return false;
  if (!made.measured) return false;
  const FlushRound& last = question.rounds.back();
  const double inflow = rate_of(difference(last.after.dirtied, last.before.dirtied), last.took);
  const double rate = static_cast<double>(made.rate);
  if (inflow > rate / 2) return false;
  const Duration needs = time_for(made.pending, rate);
  const double left = inflow * static_cast<double>(needs.count()) / 1e9;
  const Duration gain = needs - time_for(static_cast<std::uint64_t>(left), rate);
  return gain >= kLeastGain && needs <= question.time_left && question.time_left >= kShortestRound;
}

// One digit after the point: "0.8", "12.3".
template <std::size_t Capacity>
void append_tenths(base::FixedText<Capacity>& text, std::uint64_t tenths) {
  text.append_number(tenths / 10).append(".").append_number(tenths % 10);
}

template <std::size_t Capacity>
void append_seconds(base::FixedText<Capacity>& text, Duration duration) {
  const auto hundredths = static_cast<std::uint64_t>(duration.count() / 10'000'000);
  text.append_number(hundredths / 100).append(".");
  if (hundredths % 100 < 10) text.append("0");
  text.append_number(hundredths % 100).append(" s");
}

}  // namespace

FlushForecast forecast(const FlushQuestion& question) {
  FlushForecast made;
  made.pending = pending_of(question);
  made.rate = kAssumedRate;
  if (const FlushRound* const round = telling_round(question.rounds)) {
    const double rate =
        rate_of(difference(round->after.written, round->before.written), round->took);
    made.rate = static_cast<std::uint64_t>(std::clamp(rate, 1.0, 1e15));
    made.measured = true;
  }
  const auto each =
      static_cast<std::int64_t>(std::min<std::size_t>(question.filesystems, 1'000'000));
  made.stall =
      kBareFreeze + kBareFreezeEach * each + time_for(made.pending, static_cast<double>(made.rate));
  made.round = question.rounds.empty() ? first_pays(question, made) : another_pays(question, made);
  return made;
}

base::FixedText<24> bytes_text(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 4> kUnits{" kB", " MB", " GB", " TB"};
  std::uint64_t unit = 1000;
  std::size_t at = 0;
  while (at + 1 < kUnits.size() && bytes >= unit * 1000) {
    unit *= 1000;
    ++at;
  }
  base::FixedText<24> text;
  append_tenths(text, bytes / (unit / 10));
  return text.append(kUnits[at]);
}

Reason to_text(const FlushForecast& forecast) {
  Reason text("predicted stall ");
  append_seconds(text, forecast.stall);
  text.append(" (").append(bytes_text(forecast.pending)).append(" dirty at ");
  text.append(forecast.measured ? "" : "perhaps ").append(bytes_text(forecast.rate));
  return text.append("/s)");
}

Reason why_too_long(const FlushForecast& forecast, const FlushPolicy& policy) {
  if (policy.stall_budget == Duration{0} || forecast.stall <= policy.stall_budget) return {};
  Reason text = to_text(forecast);
  text.append(" is above stall_budget = ");
  append_seconds(text, policy.stall_budget);
  return text.append(": write less, or raise it");
}

}  // namespace vss::plan
