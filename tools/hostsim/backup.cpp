#include "hostsim/backup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hostsim/child.hpp"

namespace hostsim {

Backup::Backup(Host& host, BackupOptions options, Print print)
    : host_(host),
      options_(std::move(options)),
      print_(std::move(print)),
      conversation_(host, [this](const StepReport& report) { note(report); }) {}

void Backup::note(const StepReport& report) {
  round_.steps.push_back(report);
  print_(line_of(report, true));
}

Result<Round> Backup::round() {
  round_ = {};
  const auto fine = [&]() -> Result<bool> {
    auto ready = negotiated();
    if (!ready || !*ready) return ready;
    // A host does not freeze a guest that says it could not.
    const auto able = conversation_.ask(Operation::kHotBackup);
    if (!able) return std::unexpected(able.error());
    if (!able->agreed()) return false;
    const auto disks = conversation_.ask(Operation::kGetDmInfo);
    if (!disks) return std::unexpected(disks.error());
    if (!disks->answered) return false;
    return freeze_and_thaw();
  }();
  if (!fine) {
    conversation_.thaw_before_leaving();
    return std::unexpected(fine.error());
  }
  round_.ok = *fine && std::ranges::all_of(round_.steps, &StepReport::ok);
  return std::move(round_);
}

Result<bool> Backup::negotiated() {
  if (auto guest = host_.need_guest(); !guest) return std::unexpected(guest.error());
  if (negotiated_channel_ == host_.channel_number()) return true;
  const auto answer = conversation_.ask(conversation_.negotiation());
  if (!answer) return std::unexpected(answer.error());
  if (answer->agreed()) negotiated_channel_ = host_.channel_number();
  return answer->agreed();
}

Result<bool> Backup::freeze_and_thaw() {
  const auto frozen = conversation_.ask(Operation::kFreeze);
  if (!frozen) return std::unexpected(frozen.error());
  bool fine = frozen->agreed();
  if (fine) {
    const auto since = Clock::now();
    const auto held = hold();
    round_.held = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - since);
    if (!held) return held;
    fine = *held;
  }
  // Also after a FREEZE that failed: the host cannot know how far the guest came.
  const auto thawed = thaw();
  if (!thawed) return std::unexpected(thawed.error());
  return fine && thawed->agreed();
}

Result<bool> Backup::hold() {
  bool fine = true;
  if (!options_.command.empty()) {
    const auto status = run_command();
    if (!status) return std::unexpected(status.error());
    fine = *status == 0;
  }
  if (options_.hold.count() > 0) {
    if (auto slept = host_.pause(Clock::now() + options_.hold); !slept) return slept;
  }
  return fine;
}

// A command that cannot be started fails like one that fails: THAW follows.
Result<int> Backup::run_command() {
  auto child = Child::spawn(options_.command, options_.json);
  if (!child) {
    print_(child.error().what);
    round_.command_status = 127;
    return 127;
  }
  const auto ended = host_.pause(Clock::time_point::max(), child->ended_fd());
  if (!ended) {
    conversation_.thaw_before_leaving();  // first the guest, then the command
    child->terminate();
  }
  round_.command_status = child->collect();
  if (!ended) return std::unexpected(ended.error());
  if (*round_.command_status != 0) {
    print_(fmt::format("`{}` ended with status {}", options_.command, *round_.command_status));
  }
  return *round_.command_status;
}

// A guest that went away and came back gets its THAW all the same: it says whether it still held.
Result<StepReport> Backup::thaw() {
  const auto ready = negotiated();
  if (!ready && ready.error().cause == Cause::kInterrupted) return std::unexpected(ready.error());
  if (!ready) {
    StepReport lost = {"THAW", false, 0, {}, {ready.error().what}};
    note(lost);
    return lost;
  }
  return conversation_.ask(Operation::kThaw);
}

namespace {

Json json_of(const Round& round) {
  Json json;
  json["ok"] = round.ok;
  json["steps"] = Json::array();
  for (const StepReport& step : round.steps) {
    json["steps"].push_back(json_of(step));
  }
  json["exec_status"] = round.command_status ? Json(*round.command_status) : Json();
  json["hold_us"] = round.held.count();
  return json;
}

}  // namespace

int run_backup(Host& host, const BackupOptions& options) {
  const auto print = [&](const std::string& line) {
    if (!options.json) print_line(line);
  };
  Backup backup(host, options, print);
  Json document = {{"ok", false}, {"rounds", Json::array()}};
  unsigned succeeded = 0;
  std::string problem;
  for (unsigned i = 0; i < options.repeat && problem.empty(); ++i) {
    if (options.repeat > 1) print(fmt::format("round {} of {}", i + 1, options.repeat));
    const auto round = backup.round();
    if (round) {
      document["rounds"].push_back(json_of(*round));
      if (round->ok) ++succeeded;
    } else {
      problem = round.error().what;
    }
  }
  if (!problem.empty()) {
    fmt::print(stderr, "vss-hostsim: {}\n", problem);
    document["problem"] = problem;
  }
  const bool ok = succeeded == options.repeat;
  document["ok"] = ok;
  if (options.json) print_line(document.dump(-1, ' ', false, Json::error_handler_t::replace));
  print(fmt::format("{} of {} backups succeeded", succeeded, options.repeat));
  return ok ? 0 : 1;
}

}  // namespace hostsim
