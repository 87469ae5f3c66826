// vssd and its two helpers: do they run, how, and what do they say.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "doctor/judge.hpp"

namespace vss::doctor {
namespace {

constexpr std::string_view kTarget = "openvss.target";
constexpr std::string_view kFreezer = "vss-freezer.service";

// A daemon at the node: no freezer of ours knows what that has frozen.
constexpr std::string_view kThawForADaemon =
    "fsfreeze -u MOUNTPOINT, then vssctl thaw --force, which names what is frozen still; or start "
    "that daemon again";

// There can be one freezer, so that vss-freezer is refused as long as the other has the node open.
std::string end_plain_freezer(const Facts& facts) {
  const records::StatusDocument& status = *facts.vssd.status;
  // What it holds, or still has to thaw, would stay frozen.
  if (status.left_frozen.valid() || status.transaction.valid() || !status.not_ready.empty()) {
    return "not now: what that program has frozen would stay so when it ends; doctor says more "
           "once `vssctl status` says that vssd is ready";
  }
  const auto& holders = facts.nodes.freezer_node_holders;
  std::string end =
      "end the program that has /dev/hv_fsvss_dev open (`sudo vssctl doctor` says which)";
  if (holders && !holders->empty()) {
    end = "kill";
    for (const int holder : *holders)
      end += ' ' + std::to_string(holder);
  }
  return end + ", then " + restart_command(facts, kFreezer);
}

void judge_helpers(const Facts& facts, Check& check) {
  const records::FreezerPart& freezer = facts.vssd.status->freezer;
  if (!freezer.connected) {
    check.add({Severity::kFailure, "freezer-missing", "vss-freezer is not connected to vssd",
               "it is the only one that freezes: every snapshot of a filesystem is refused",
               restart_command(facts, kFreezer)});
  } else if (freezer.plain) {
    check.add({Severity::kRisk, "freezer-plain",
               "the freezer is a plain client of the device interface",
               "it reports nothing: which filesystem was frozen, and for how long, stays unknown",
               end_plain_freezer(facts)});
  } else if (!freezer.guardian_alive) {
    check.add({Severity::kFailure, "guardian-missing",
               "vss-guardian is not connected to vss-freezer",
               "nothing is frozen without the guardian, which thaws when all else is dead",
               restart_command(facts, "vss-guardian.service")});
  }
}

// Why vssd refuses, where that has no finding of its own. Each kind is mended by something else.
void judge_readiness(const Facts& facts, Check& check) {
  const records::StatusDocument& status = *facts.vssd.status;
  constexpr std::string_view kRefused = "a snapshot that is asked for now is refused";
  if (status.left_frozen.valid()) {
    check.add({Severity::kFailure, "left-frozen",
               fmt::format("what a daemon at /dev/hv_fsvss_dev froze for transaction {} may be "
                           "frozen still",
                           base::to_text(status.left_frozen).view()),
               std::string(kRefused) + ", and nobody thaws it", std::string(kThawForADaemon)});
  } else if (!status.standing_veto.empty()) {
    check.add({Severity::kFailure, "vssd-not-ready", status.standing_veto, std::string(kRefused),
               restart_command(facts, "vssd.service")});
  } else if (!status.transaction.valid() && !status.not_ready.empty() &&
             check.verdict() == Severity::kGood) {
    check.add({Severity::kFailure, "vssd-not-ready", status.not_ready, std::string(kRefused),
               // Nobody knows that everything is thawed. vss-freezer thaws what an earlier one left
               // when it starts, and says so.
               restart_command(facts, kFreezer) + "; if that does not help: vssctl thaw --force"});
  }
}

}  // namespace

Check judge_vssd(const Facts& facts) {
  Check check{"vssd", "does not answer"};
  if (!facts.vssd.status) {
    check.add(
        {Severity::kFailure, "vssd-unreachable", facts.vssd.unreachable,
         "without vssd nobody is asked to hold, and no host is answered",
         // Somebody has the socket: vssd hangs, or its manager could not start it.
         facts.vssd.process != 0 ? restart_command(facts, "vssd.service") : start_command(facts)});
    return check;
  }
  const records::StatusDocument& status = *facts.vssd.status;
  judge_helpers(facts, check);
  if (status.transaction.valid()) {
    check.add({Severity::kNote, "transaction-open",
               fmt::format("transaction {} of {} is open: some of this is about that moment",
                           base::to_text(status.transaction).view(), status.requester),
               "", ""});
  }
  judge_readiness(facts, check);
  if (!facts.service_user) {
    check.add(
        {Severity::kRisk, "no-service-user", "there is no user vss: vssd runs as nobody",
         "other programs that run as nobody can stop it, or answer in its place",
         "useradd --system --user-group vss, then " + restart_command(facts, "vssd.service")});
  }
  // What spoils a backup among these has a check of its own.
  for (const std::string& warning : status.warnings)
    check.add({Severity::kNote, "vssd-warning", "vssd said when it started: " + warning, "", ""});
  const bool good = check.verdict() != Severity::kFailure;
  check.summary = fmt::format("{}, {}", status.version, good ? "ready" : "not ready");
  return check;
}

namespace {

const UnitFact* find_unit(const Facts& facts, std::string_view name) {
  const auto found = std::ranges::find(facts.manager.units, name, &UnitFact::name);
  return found == facts.manager.units.end() ? nullptr : &*found;
}

// Without a service manager somebody else has to start it again: that is known to who did it.
void judge_by_hand(const Facts& facts, Check& check) {
  const std::string how = facts.manager.systemd ? "no units are installed" : "no systemd here";
  if (!facts.vssd.status) {
    check.summary = how + ", and vssd does not run";
    check.known = false;
    return;
  }
  check.summary = fmt::format("{}: vssd was started by hand (process {})", how, facts.vssd.process);
  check.add({Severity::kNote, "started-by-hand",
             "vssd will not come back by itself after a reboot or a crash", "", ""});
}

void judge_target(const UnitFact& target, Check& check) {
  if (target.load == "masked" || target.enabled == "masked") {
    check.add({Severity::kFailure, "target-masked", "openvss.target is masked",
               "the service is switched off: nothing of it is started",
               "systemctl unmask openvss.target && systemctl enable --now openvss.target"});
  } else if (target.enabled == "disabled") {
    check.add({Severity::kRisk, "target-disabled", "openvss.target is not enabled",
               "after the next boot no backup is application-consistent",
               "systemctl enable openvss.target"});
  }
}

// systemd does not start again what failed too often, nor the sockets that wanted it.
std::string mend_unit(const UnitFact& unit) {
  if (unit.load == "not-found") return "install the whole package again";
  if (unit.active != "failed") return "systemctl restart " + unit.name;
  return fmt::format(
      "`journalctl -u {0}` says why; then systemctl reset-failed && systemctl restart {1}",
      unit.name, kTarget);
}

}  // namespace

Check judge_units(const Facts& facts) {
  Check check{"units", ""};
  if (!has_units(facts)) {
    judge_by_hand(facts, check);
    return check;
  }
  if (facts.manager.silent) {
    check.known = false;
    check.summary = "systemctl did not answer";
    check.add({Severity::kRisk, "units-unknown", "systemctl did not say how openvss's units are",
               "a unit that is stopped, masked or disabled would not be seen",
               "systemctl status openvss.target; if it answers: vssctl doctor once more"});
    return check;
  }
  for (const UnitFact& unit : facts.manager.units) {
    if (unit.name == kTarget) {
      judge_target(unit, check);
    } else if (unit.active != "active") {
      check.add({Severity::kFailure, "unit-not-active",
                 fmt::format("{} is {}", unit.name,
                             unit.load == "not-found" ? "not installed" : unit.active),
                 "each of the units is needed for a backup", mend_unit(unit)});
    }
  }
  const UnitFact* const vssd = find_unit(facts, "vssd.service");
  if (facts.vssd.status && vssd != nullptr && vssd->active != "active") {
    check.add({Severity::kRisk, "beside-its-unit",
               fmt::format("vssd runs (process {}), but not as vssd.service", facts.vssd.process),
               "nobody starts it again, and its unit cannot start while it runs",
               fmt::format("kill {}; systemctl start openvss.target", facts.vssd.process)});
  }
  check.summary = check.verdict() == Severity::kGood ? "active, and enabled at boot" : "see below";
  return check;
}

Check judge_memory(const Facts& facts) {
  Check check{"memory", ""};
  constexpr std::array<std::string_view, 3> kPrograms{"vssd", "vss-freezer", "vss-guardian"};
  int seen = 0, locked = 0;
  for (const ProcessFact& process : facts.processes) {
    const auto program = std::ranges::find(kPrograms, process.name);
    if (program == kPrograms.end()) continue;
    if (process.name == "vssd" && !is_vssd(facts, process.id)) continue;  // not ours
    ++seen;
    if (process.locked_bytes > 0) {
      ++locked;
      continue;
    }
    check.add({Severity::kRisk, "memory-not-locked",
               fmt::format("{} (process {}) has no locked memory", process.name, process.id),
               "under memory pressure it may wait for a disk while filesystems are frozen, and the "
               "thaw comes late",
               has_units(facts)
                   ? fmt::format("LimitMEMLOCK=infinity under [Service] by `systemctl edit {0}`, "
                                 "then systemctl restart {0}",
                                 process.name)
                   : "start it as root, or with `ulimit -l unlimited`"});
  }
  check.known = seen > 0;
  check.summary = seen == 0 ? "no process of ours runs"
                            : fmt::format("locked in {} of {} processes", locked, seen);
  return check;
}

Check judge_leftovers(const Facts& facts) {
  Check check{"leftovers", "nothing is left of earlier transactions"};
  const bool open = facts.vssd.status && facts.vssd.status->transaction.valid();
  std::vector<const ProcessFact*> waiting;
  for (const ProcessFact& process : facts.processes) {
    if (process.waits_for_thaw) waiting.push_back(&process);
  }
  const bool left_by_a_daemon = facts.vssd.status && facts.vssd.status->left_frozen.valid();
  if (!waiting.empty() && !open) {
    check.add({Severity::kRisk, "waits-for-thaw",
               names_of(waiting) + " waits for a thaw, and no transaction is open",
               "a filesystem may be frozen by somebody else, or since a crash: a freeze of ours "
               "would fail there",
               left_by_a_daemon
                   ? std::string(kThawForADaemon)
                   : "vssctl thaw --force; if that finds nothing: fsfreeze -u MOUNTPOINT"});
  }
  // A freezer or guardian that lives thaws by itself.
  const bool helped = std::ranges::any_of(facts.processes, [](const ProcessFact& process) {
    return process.name == "vss-freezer" || process.name == "vss-guardian";
  });
  const RuntimeFacts& runtime = facts.runtime;
  const bool noted = runtime.slots.kind == FileKind::kFile && runtime.open_slots != 0;
  if (!facts.vssd.status && !helped && noted) {
    check.add(
        {Severity::kRisk, "slots-left",
         fmt::format("{} names {} as frozen, and nothing of the service runs", runtime.slots.path,
                     runtime.open_slots ? fmt::format("{} filesystem{}", *runtime.open_slots,
                                                      *runtime.open_slots == 1 ? "" : "s")
                                        : "what this version cannot read"),
         "it was killed in a hold: nobody thaws what it had frozen", "vssctl thaw --force"});
  }
  if (facts.vssd.status && facts.vssd.status->last) {
    const records::RecordSummary& last = *facts.vssd.status->last;
    if (last.result == coordinator::Result::kTorn) {
      check.add({Severity::kNote, "last-torn",
                 fmt::format("the last transaction, {}, did not hold to its end: {}",
                             base::to_text(last.id).view(), last.sentence),
                 "", "vssctl explain"});
    }
  }
  if (check.verdict() != Severity::kGood) check.summary = "something may be frozen";
  return check;
}

}  // namespace vss::doctor
