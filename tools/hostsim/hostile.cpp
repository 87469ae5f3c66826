#include "hostsim/hostile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "hostsim/backup.hpp"
#include "hostsim/hostile_acts.hpp"

namespace hostsim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kBackupEvery = 20'000;
constexpr auto kProgressEvery = 2s;
constexpr auto kBusyPatience = 10s;
constexpr auto kBusyPause = 50ms;

class Campaign {
 public:
  Campaign(Host& host, const HostileOptions& options)
      : host_(host), options_(options), random_(options.seed) {
    for (const auto acts : {message_acts(), ring_acts()}) {
      acts_.insert(acts_.end(), acts.begin(), acts.end());
    }
    for (const Act& act : acts_)
      weights_ += act.weight;
  }

  int run() {
    auto done = host_.need_guest();
    if (done) done = act_by_act();
    if (done) done = backup();
    if (!done) thaw_before_leaving();
    return conclude(done);
  }

 private:
  // One of each first, then by weight.
  const Act& choose(std::uint64_t number) {
    const std::uint64_t choice = random_.below(weights_);
    if (number <= acts_.size()) return acts_[number - 1];
    std::uint64_t sum = 0;
    return *std::ranges::find_if(acts_,
                                 [&](const Act& act) { return (sum += act.weight) > choice; });
  }

  Result<void> act_by_act() {
    Duel first(host_, Random(options_.seed));
    if (auto ready = first.resync(); !ready) return ready;
    for (std::uint64_t number = 1; number <= options_.count; ++number) {
      const Act& act = choose(number);
      Duel duel(host_, Random(random_.next()));
      auto done = act.perform(duel);
      if (done) done = duel.resync();
      if (!done) {
        where_ = fmt::format("act {} (seed {}), {}: ", number, options_.seed, act.name);
        return done;
      }
      ++acts_done_;
      show_progress();
      if (number % kBackupEvery != 0) continue;
      if (auto good = backup(); !good) return good;
    }
    return {};
  }

  // A guest may still be busy undoing what a channel that was closed had begun: it then refuses
  // HOT_BACKUP, for a while.
  Result<void> backup() {
    const auto deadline = Clock::now() + kBusyPatience;
    while (true) {
      Backup backup(host_, {}, [](const std::string&) {});
      const auto round = backup.round();
      if (!round) return std::unexpected(round.error());
      if (round->ok) {
        ++backups_;
        return {};
      }
      const StepReport& last = round->steps.back();
      const bool busy = last.well_formed() && last.name == "HOT_BACKUP";
      if (!busy || Clock::now() > deadline) return failure(complaint_about(*round));
      if (auto paused = host_.pause(Clock::now() + kBusyPause); !paused) {
        return std::unexpected(paused.error());
      }
    }
  }

  std::string complaint_about(const Round& round) const {
    std::string what =
        fmt::format("a correct backup after {} acts (seed {}) fails", acts_done_, options_.seed);
    for (const StepReport& step : round.steps) {
      if (!step.ok()) what += ": " + line_of(step, false);
    }
    return what;
  }

  void show_progress() {
    if (options_.json || Clock::now() < next_progress_) return;
    next_progress_ = Clock::now() + kProgressEvery;
    print_line(fmt::format("{} of {} acts, {} channels, {} backups", acts_done_, options_.count,
                           host_.channel_number(), backups_));
  }

  void thaw_before_leaving() {
    host_.ignore_interrupts();
    if (!host_.has_guest()) return;
    Duel last(host_, Random(0));
    last.allow_anything();
    last.be_brief();
    host_.expect_signals(true);
    // Whatever comes of it: the host is leaving.
    [[maybe_unused]] const auto thawed = last.thaw();
  }

  int conclude(const Result<void>& done) {
    const std::string complaint = done ? "" : where_ + done.error().what;
    const bool last_backup_good = done.has_value();
    if (options_.json) {
      Json json = {{"ok", done.has_value()}, {"seed", options_.seed}, {"acts", acts_done_}};
      json["channels"] = host_.channel_number();
      json["backups"] = backups_;
      json["complaints"] = Json::array();
      if (!done) json["complaints"].push_back(complaint);
      print_line(json.dump());
      return done ? 0 : 1;
    }
    if (!done) print_line("COMPLAINT: " + complaint);
    print_line(fmt::format("{} hostile acts (seed {}), {} complaints, {}", acts_done_,
                           options_.seed, done ? 0 : 1,
                           last_backup_good ? "last backup good" : "no last backup"));
    return done ? 0 : 1;
  }

  Host& host_;
  HostileOptions options_;
  Random random_;
  std::vector<Act> acts_;
  std::uint64_t weights_ = 0;
  std::uint64_t acts_done_ = 0;
  std::uint64_t backups_ = 0;
  std::string where_;
  Clock::time_point next_progress_ = Clock::now() + kProgressEvery;
};

}  // namespace

int run_hostile(Host& host, const HostileOptions& options) {
  return Campaign(host, options).run();
}

}  // namespace hostsim
