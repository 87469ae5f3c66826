// What would be frozen and who would hold: vssd's own plan, read for what it means.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/judge.hpp"

namespace vss::doctor {
namespace {

using records::FilesystemPart;
using wire::MountAction;

std::string exclude_command(const Facts& facts, std::string_view mount_points) {
  return fmt::format("[filesystems] exclude = [\"{}\"], then {}", mount_points,
                     restart_command(facts, "vssd.service"));
}

void judge_mounts(const Facts& facts, Check& check) {
  const records::PlanDocument& plan = *facts.vssd.plan;
  std::string excluded;
  for (const FilesystemPart& part : plan.mounts) {
    if (part.action == MountAction::kVeto) {
      check.add({Severity::kFailure, "veto", part.mount_point + ": " + part.reason,
                 "a snapshot of all filesystems is refused because of it",
                 exclude_command(facts, part.mount_point)});
    } else if (part.action == MountAction::kSync) {
      const bool lowers = plan.summary.lower_grade > 0;
      check.add({lowers ? Severity::kRisk : Severity::kNote, "synced",
                 part.mount_point + ": " + part.reason,
                 lowers
                     ? "it goes on changing while it is copied: the copy is crash-consistent only"
                     : "",
                 lowers ? exclude_command(facts, part.mount_point) : ""});
    } else if (part.action == MountAction::kExclude) {
      excluded += (excluded.empty() ? "" : ", ") + part.mount_point;
    }
  }
  if (!excluded.empty()) {
    check.add({Severity::kNote, "excluded", "out of scope, and never frozen: " + excluded, "", ""});
  }
}

bool any_writer(const Facts& facts) {
  return facts.vssd.writers &&
         std::ranges::any_of(facts.vssd.writers->writers, &records::WriterLine::present);
}

// No filesystem's fault, since a veto has a finding of its own: too many of them, or vss-freezer
// cannot find out what it must spare, or did not answer.
std::string mend_failed_plan(const Facts& facts) {
  const std::string& reason = facts.vssd.plan->reason;
  if (reason.contains("`exclude`")) return exclude_command(facts, "MOUNTPOINT");
  return "what that names, then " + restart_command(facts, "vss-freezer.service");
}

std::string mend_empty_plan(const Facts& facts) {
  constexpr std::string_view kWriter = "start a writer: vss-writer sqlite FILE, for example";
  if (facts.vssd.plan->summary.excluded == 0) return std::string(kWriter);
  return fmt::format("take what is to be frozen out of [filesystems] exclude, then {}; or {}",
                     restart_command(facts, "vssd.service"), kWriter);
}

}  // namespace

bool can_plan(const records::StatusDocument& status) {
  return !status.transaction.valid() && status.freezer.connected && !status.freezer.plain;
}

Check judge_plan(const Facts& facts) {
  Check check{"plan", "not known"};
  if (!facts.vssd.plan) {
    check.known = false;
    // Without vssd, or vss-freezer, that is said already, and an open transaction is no illness.
    if (facts.vssd.status && can_plan(*facts.vssd.status)) {
      check.add({Severity::kFailure, "no-plan", "there is no plan: " + facts.vssd.plan_refused,
                 "what cannot be planned is not frozen",
                 restart_command(facts, "vss-freezer.service")});
    }
    return check;
  }
  const records::PlanDocument& plan = *facts.vssd.plan;
  judge_mounts(facts, check);
  if (!plan.success && check.verdict() != Severity::kFailure) {
    check.add({Severity::kFailure, "plan-fails", plan.reason, "a snapshot would be refused",
               mend_failed_plan(facts)});
  }
  if (plan.success && plan.summary.to_freeze == 0 && !any_writer(facts)) {
    check.add({Severity::kFailure, "nothing-to-hold",
               "no filesystem would be frozen, and no writer "
               "takes part",
               "a backup that holds nothing is refused", mend_empty_plan(facts)});
  }
  check.summary = fmt::format("{} to freeze, {} synced, {} excluded{}", plan.summary.to_freeze,
                              plan.summary.synced, plan.summary.excluded,
                              plan.success ? "" : ": would be refused");
  return check;
}

Check judge_writers(const Facts& facts) {
  Check check{"writers", "not known"};
  check.known = facts.vssd.writers.has_value();
  if (!check.known) return check;
  const auto& writers = facts.vssd.writers->writers;
  const auto present = std::ranges::count_if(writers, &records::WriterLine::present);
  const auto required = facts.configuration.policy.of(coordinator::RequesterKind::kLocal).require;
  const bool application = required == coordinator::Grade::kApplication;
  const bool open = facts.vssd.status && facts.vssd.status->transaction.valid();
  for (const records::WriterLine& writer : writers) {
    if (!writer.present) {
      check.add({application ? Severity::kFailure : Severity::kRisk, "writer-absent",
                 fmt::format("writer {} is expected and not connected", writer.name),
                 application
                     ? "a snapshot must be application-consistent, and is refused without it"
                     : "the copy is filesystem-consistent at best: that application may be "
                       "torn in it",
                 "start it, or take it out of writers.expected, then " +
                     restart_command(facts, "vssd.service")});
    } else if (writer.busy && !open) {
      check.add({Severity::kRisk, "writer-busy",
                 fmt::format("writer {} has not answered since the last transaction", writer.name),
                 writer.required ? "a required writer that does not answer fails the next snapshot"
                                 : "it does not take part in the next snapshot",
                 "restart it"});
    }
  }
  if (present == 0 && application) {
    check.add({Severity::kFailure, "no-writer", "no application takes part",
               "requesters.local.require is application: every snapshot is refused",
               "start a writer: vss-writer sqlite FILE, for example"});
  } else if (present == 0) {
    check.add({Severity::kNote, "no-writer",
               "no application takes part: copies are filesystem-consistent", "",
               "vss-writer sqlite FILE, or docs/writing-a-writer.md"});
  }
  check.summary = fmt::format("{} registered, {} absent", present,
                              static_cast<std::ptrdiff_t>(writers.size()) - present);
  return check;
}

}  // namespace vss::doctor
