// The machine around the service: its kernel, its limits, its other agents, its logs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "doctor/judge.hpp"

namespace vss::doctor {
namespace {

// Mount ids from statx, process descriptors, close_range: what the programs are built on.
constexpr int kMajor = 5, kMinor = 9;

// "6.1.0-30-amd64"; nothing when it is none.
std::optional<std::pair<int, int>> version_of(std::string_view release) {
  int major = 0, minor = 0;
  const char* const end = release.data() + release.size();
  const auto first = std::from_chars(release.data(), end, major);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, minor);
  if (second.ec != std::errc{}) return std::nullopt;
  return std::pair{major, minor};
}

}  // namespace

Check judge_kernel(const Facts& facts) {
  Check check{"kernel", facts.kernel.release};
  const auto version = version_of(facts.kernel.release);
  if (version && *version < std::pair{kMajor, kMinor}) {
    check.add({Severity::kFailure, "kernel-too-old",
               fmt::format("Linux {} is older than {}.{}", facts.kernel.release, kMajor, kMinor),
               "freezer and guardian need system calls that it does not have",
               "boot a newer kernel"});
  }
  return check;
}

Check judge_limits(const Facts& facts) {
  const config::KernelLimits& limits = facts.kernel.limits;
  const bool hung = limits.hung_task_timeout.count() > 0;
  const bool watchdog = limits.watchdog_timeout.count() > 0;
  Check check{"limits", ""};
  base::Duration longest{0};
  for (std::size_t kind = 0; kind < coordinator::kRequesterKinds; ++kind) {
    const base::Duration hold = facts.configuration.policy.requesters[kind].budgets.hold;
    const auto seconds = std::chrono::ceil<base::seconds>(hold).count();
    const auto name = to_text(static_cast<coordinator::RequesterKind>(kind));
    longest = std::max(longest, hold);
    if (limits.hung_task_panic && hung && 2 * hold >= limits.hung_task_timeout) {
      check.add(
          {Severity::kFailure, "hung-task-panic",
           fmt::format("{} may hold for {} s, and this kernel panics when a task waits for {} s",
                       name, seconds, limits.hung_task_timeout.count()),
           "vssd refuses to start: a writer that waits for the thaw could panic the machine",
           fmt::format("sysctl kernel.hung_task_panic=0, or [requesters.{}] hold below {}", name,
                       limits.hung_task_timeout.count() / 2)});
    }
    if (watchdog && hold >= limits.watchdog_timeout) {
      check.add(
          {Severity::kFailure, "watchdog",
           fmt::format("{} may hold for {} s, and the hardware watchdog resets after {} s", name,
                       seconds, limits.watchdog_timeout.count()),
           "vssd refuses to start: the watchdog's daemon may wait for a frozen filesystem, "
           "and the machine would be reset",
           fmt::format("[requesters.{}] hold below {}", name, limits.watchdog_timeout.count())});
    }
  }
  if (!limits.hung_task_panic && hung && longest >= limits.hung_task_timeout) {
    check.add({Severity::kNote, "hung-task-messages",
               fmt::format("in a hold longer than {} s the kernel's log calls writers hung; they "
                           "only wait for the thaw",
                           limits.hung_task_timeout.count()),
               "", ""});
  }
  check.summary = fmt::format(
      "hold {} s; hung task {}; watchdog {}", std::chrono::ceil<base::seconds>(longest).count(),
      hung ? fmt::format("{} s{}", limits.hung_task_timeout.count(),
                         limits.hung_task_panic ? ", panics" : "")
           : "off",
      watchdog ? fmt::format("{} s", limits.watchdog_timeout.count()) : "off");
  return check;
}

namespace {

struct Agent {
  std::string_view process;  // as the kernel cuts it
  std::string_view why;
  std::string_view mend;
};
constexpr std::string_view kWhyTwo =
    "when its host asks it, it freezes the same filesystems: whoever comes second fails, and each "
    "can thaw what the other froze";
constexpr std::array kAgents{
    Agent{"qemu-ga", kWhyTwo,
          "block-rpcs=guest-fsfreeze-freeze,guest-fsfreeze-freeze-list under [general] in "
          "/etc/qemu/qemu-ga.conf, then systemctl restart qemu-guest-agent, unless its host's "
          "backups are to be the ones that freeze"},
    Agent{"hv_vss_daemon", kWhyTwo, {}},  // stop_stock_daemon() knows
    Agent{"hypervvssd", kWhyTwo, {}},
    Agent{"vmtoolsd", kWhyTwo,
          "enableSyncDriver=false under [vmbackup] in /etc/vmware-tools/tools.conf, then restart "
          "it"},
    Agent{"fsfreeze", "a filesystem may be frozen at this moment, and will be thawed under a hold",
          "wait until it has ended, or end it"},
};

std::vector<const ProcessFact*> processes_named(const Facts& facts, std::string_view name) {
  std::vector<const ProcessFact*> found;
  for (const ProcessFact& process : facts.processes) {
    if (process.name == name) found.push_back(&process);
  }
  return found;
}

}  // namespace

Check judge_agents(const Facts& facts) {
  Check check{"agents", "nobody else freezes"};
  for (const Agent& agent : kAgents) {
    const auto running = processes_named(facts, agent.process);
    if (running.empty()) continue;
    check.add(
        {Severity::kRisk, "foreign-agent", names_of(running) + " runs beside vssd",
         std::string(agent.why),
         agent.mend.empty() ? stop_stock_daemon(facts, agent.process) : std::string(agent.mend)});
    check.summary = "another agent may freeze as well";
  }
  return check;
}

Check judge_logs(const Facts& facts) {
  Check check{"logs", ""};
  if (const auto filters = processes_named(facts, "fapolicyd"); !filters.empty()) {
    check.add(
        {Severity::kRisk, "exec-filter",
         names_of(filters) + " decides about each program that is started",
         "it may wait for a frozen filesystem itself; then nothing can be started until the "
         "thaw, `vssctl thaw` and the units' stop hooks included",
         "systemctl disable --now fapolicyd.service, or keep /var/lib/fapolicyd and its log on "
         "a filesystem that is not frozen"});
  }
  if (!facts.vssd.plan) {
    check.summary = "not known without a plan";
    check.known = false;
    return check;
  }
  const records::PlanDocument& plan = *facts.vssd.plan;
  const auto audit = processes_named(facts, "auditd");
  if (!audit.empty() && !facts.logs.audit.empty() && will_freeze(plan, facts.logs.audit)) {
    check.add(
        {Severity::kRisk, "audit-on-frozen",
         facts.logs.audit + " of auditd lies on a filesystem that will be frozen",
         "when its queue is full each audited system call waits for up to 60 s, also those of "
         "who would thaw",
         "auditctl --backlog_wait_time 0"});
  }
  const bool journal = !facts.logs.journal.empty() && will_freeze(plan, facts.logs.journal);
  if (journal) {
    check.add({Severity::kNote, "journal-on-frozen",
               facts.logs.journal +
                   " will be frozen: programs that log much wait for the thaw; the service itself "
                   "keeps its messages in memory until then",
               "", ""});
  }
  check.summary = check.verdict() != Severity::kGood ? "something waits for a frozen log"
                  : journal ? "the journal will be frozen; the service does not wait for it"
                            : "no log that matters will be frozen";
  return check;
}

}  // namespace vss::doctor
