// Each finding, by the facts that make it: one change to a machine on which all is good.
#include "doctor/judge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "doctor/facts_for_test.hpp"

namespace vss::doctor {
namespace {

using testing::file;
using testing::good_machine;
using testing::process;
using testing::unit;
using wire::MountAction;

records::FilesystemPart mount(const std::string& mount_point, MountAction action,
                              const std::string& device) {
  records::FilesystemPart part;
  part.mount_point = mount_point;
  part.action = action;
  part.device = device;
  part.reason = "for a reason";
  return part;
}

struct Case {
  const char* code;
  Check (*judge)(const Facts&);
  Severity severity;
  std::function<void(Facts&)> change;
};

void lose_vssd(Facts& facts) {
  facts.vssd = {};
  facts.vssd.unreachable = "cannot connect";
}

const Case kService[] = {
    {"vssd-unreachable", judge_vssd, Severity::kFailure, lose_vssd},
    {"freezer-missing", judge_vssd, Severity::kFailure,
     [](Facts& f) { f.vssd.status->freezer.connected = false; }},
    {"freezer-plain", judge_vssd, Severity::kRisk,
     [](Facts& f) { f.vssd.status->freezer.plain = true; }},
    {"guardian-missing", judge_vssd, Severity::kFailure,
     [](Facts& f) { f.vssd.status->freezer.guardian_alive = false; }},
    {"vssd-not-ready", judge_vssd, Severity::kFailure,
     [](Facts& f) { f.vssd.status->not_ready = "the freezer is not clean"; }},
    {"left-frozen", judge_vssd, Severity::kFailure,
     [](Facts& f) { f.vssd.status->left_frozen = base::TransactionId{7}; }},
    {"transaction-open", judge_vssd, Severity::kGood,
     [](Facts& f) {
       f.vssd.status->transaction = base::TransactionId{7};
       f.vssd.status->not_ready = "busy";
     }},
    {"no-service-user", judge_vssd, Severity::kRisk, [](Facts& f) { f.service_user.reset(); }},
    {"vssd-warning", judge_vssd, Severity::kGood,
     [](Facts& f) { f.vssd.status->warnings = {"memory is not locked"}; }},
    {"started-by-hand", judge_units, Severity::kGood, [](Facts& f) { f.manager = {}; }},
    {"target-masked", judge_units, Severity::kFailure,
     [](Facts& f) { f.manager.units[0].load = "masked"; }},
    {"target-disabled", judge_units, Severity::kRisk,
     [](Facts& f) { f.manager.units[0].enabled = "disabled"; }},
    {"unit-not-active", judge_units, Severity::kFailure,
     [](Facts& f) { f.manager.units[3].active = "failed"; }},
    {"beside-its-unit", judge_units, Severity::kFailure,
     [](Facts& f) { f.manager.units[1].active = "inactive"; }},
    {"memory-not-locked", judge_memory, Severity::kRisk,
     [](Facts& f) { f.processes[2].locked_bytes = 0; }},
    {"waits-for-thaw", judge_leftovers, Severity::kRisk,
     [](Facts& f) { f.processes[0].waits_for_thaw = true; }},
    {"slots-left", judge_leftovers, Severity::kRisk,
     [](Facts& f) { lose_vssd(f), f.processes.clear(), f.runtime.open_slots = 1; }},
    {"slots-left", judge_leftovers, Severity::kRisk,
     [](Facts& f) { lose_vssd(f), f.processes.clear(), f.runtime.open_slots.reset(); }},
    {"unit-not-active", judge_units, Severity::kFailure,
     [](Facts& f) { f.manager.units[6].active = "failed"; }},
    {"last-torn", judge_leftovers, Severity::kGood,
     [](Facts& f) {
       f.vssd.status->last = records::RecordSummary{};
       f.vssd.status->last->result = coordinator::Result::kTorn;
     }},
};

const Case kMachine[] = {
    {"kernel-too-old", judge_kernel, Severity::kFailure,
     [](Facts& f) { f.kernel.release = "4.19.0-27-amd64"; }},
    {"hung-task-panic", judge_limits, Severity::kFailure,
     [](Facts& f) { f.kernel.limits.hung_task_panic = true; }},
    {"hung-task-messages", judge_limits, Severity::kGood,
     [](Facts& f) { f.kernel.limits.hung_task_timeout = base::seconds(30); }},
    {"watchdog", judge_limits, Severity::kFailure,
     [](Facts& f) { f.kernel.limits.watchdog_timeout = base::seconds(60); }},
    {"foreign-agent", judge_agents, Severity::kRisk,
     [](Facts& f) { f.processes.push_back(process(7, "qemu-ga")); }},
    {"exec-filter", judge_logs, Severity::kRisk,
     [](Facts& f) { f.processes.push_back(process(7, "fapolicyd")); }},
    {"audit-on-frozen", judge_logs, Severity::kRisk,
     [](Facts& f) {
       f.processes.push_back(process(7, "auditd"));
       f.logs.audit = "/var/log/audit";
     }},
    {"journal-on-frozen", judge_logs, Severity::kGood,
     [](Facts& f) { f.logs.journal = "/var/log/journal"; }},
};

void offer_hv_vss(Facts& f) {
  f.door.channel = ChannelFact{.driver = "hv_utils"};
  f.door.hv_vss = file("/dev/vmbus/hv_vss", FileKind::kDevice, 0600);
  f.door.hv_vss_holders = std::vector<int>{100};
}
void want_uio(Facts& f) {
  f.configuration.hyperv_door = config::HyperVDoor::kUio;
  f.door.channel = ChannelFact{.driver = "uio_hv_generic"};
}

const Case kHost[] = {
    {"door-not-seen", judge_door, Severity::kGood,
     [](Facts& f) { offer_hv_vss(f), f.door.hv_vss_holders.reset(); }},
    {"door-taken", judge_door, Severity::kFailure,
     [](Facts& f) {
       offer_hv_vss(f);
       f.door.hv_vss_holders = std::vector<int>{7};
       f.processes.push_back(process(7, "hv_vss_daemon"));
     }},
    {"door-not-open", judge_door, Severity::kFailure,
     [](Facts& f) { offer_hv_vss(f), f.door.hv_vss_holders->clear(); }},
    {"door-missing", judge_door, Severity::kFailure,
     [](Facts& f) { f.door.channel = ChannelFact{.driver = ""}; }},
    {"door-bound-to-uio", judge_door, Severity::kFailure,
     [](Facts& f) { f.door.channel = ChannelFact{.driver = "uio_hv_generic"}; }},
    {"door-uio-refused", judge_door, Severity::kFailure,
     [](Facts& f) { want_uio(f), f.door.uio_refusal = "this kernel is too old"; }},
    {"door-no-channel", judge_door, Severity::kFailure,
     [](Facts& f) { want_uio(f), f.door.channel.reset(); }},
    {"door-not-bound", judge_door, Severity::kFailure,
     [](Facts& f) { want_uio(f), f.door.channel->driver = "hv_utils"; }},
    {"qemu-host", judge_door, Severity::kGood, [](Facts& f) { f.door.qemu_agent_port = true; }},
    {"no-cuse", judge_nodes, Severity::kGood,
     [](Facts& f) {
       f.nodes.cuse = false;
       for (FileFact& node : f.nodes.nodes)
         node.kind = FileKind::kAbsent;
     }},
    {"node-missing", judge_nodes, Severity::kRisk,
     [](Facts& f) { f.nodes.nodes[1].kind = FileKind::kAbsent; }},
    {"node-missing", judge_nodes, Severity::kFailure,
     [](Facts& f) {
       f.configuration.device_nodes = config::DeviceNodes::kOn;
       f.nodes.nodes[1].kind = FileKind::kAbsent;
     }},
    {"node-open-to-all", judge_nodes, Severity::kRisk,
     [](Facts& f) { f.nodes.nodes[1].mode = 0666; }},
    {"node-not-roots", judge_nodes, Severity::kRisk,
     [](Facts& f) { f.nodes.nodes[0].mode = 0660; }},
    {"node-group", judge_nodes, Severity::kRisk, [](Facts& f) { f.nodes.nodes[1].group = 0; }},
};

const Case kFiles[] = {
    {"socket-missing", judge_sockets, Severity::kFailure,
     [](Facts& f) { f.runtime.app_socket.kind = FileKind::kAbsent; }},
    {"socket-owner", judge_sockets, Severity::kRisk,
     [](Facts& f) { f.runtime.control_socket.user = 1234; }},
    {"app-socket-open", judge_sockets, Severity::kRisk,
     [](Facts& f) { f.runtime.app_socket.mode = 0666; }},
    {"app-socket-closed", judge_sockets, Severity::kRisk,
     [](Facts& f) { f.runtime.app_socket.group = 0; }},
    {"freezer-socket-open", judge_sockets, Severity::kRisk,
     [](Facts& f) { f.runtime.freezer_socket.mode = 0660; }},
    {"control-socket-closed", judge_sockets, Severity::kGood,
     [](Facts& f) { f.runtime.control_socket.mode = 0660; }},
    {"runtime-missing", judge_files, Severity::kFailure,
     [](Facts& f) { f.runtime.directory.kind = FileKind::kAbsent; }},
    {"runtime-on-disk", judge_files, Severity::kFailure,
     [](Facts& f) { f.runtime.directory.in_memory = false; }},
    {"runtime-open", judge_files, Severity::kFailure,
     [](Facts& f) { f.runtime.directory.mode = 0777; }},
    {"freezer-directory-open", judge_files, Severity::kRisk,
     [](Facts& f) { f.runtime.freezer_directory.mode = 0755; }},
    {"configuration-open", judge_files, Severity::kRisk,
     [](Facts& f) { f.runtime.configuration[0].mode = 0666; }},
    {"configuration-unreadable", judge_files, Severity::kRisk,
     [](Facts& f) { f.runtime.configuration[0].mode = 0600; }},
};

void require_application(Facts& f) {
  f.configuration.policy.requesters[static_cast<std::size_t>(coordinator::RequesterKind::kLocal)]
      .require = coordinator::Grade::kApplication;
}
void lose_writer(Facts& f) {
  f.vssd.writers->writers[0].present = false;
}

const Case kPlan[] = {
    {"no-plan", judge_plan, Severity::kFailure,
     [](Facts& f) { f.vssd.plan.reset(), f.vssd.plan_refused = "no freezer"; }},
    {"veto", judge_plan, Severity::kFailure,
     [](Facts& f) {
       f.vssd.plan->mounts.push_back(mount("/mnt/usb", MountAction::kVeto, "8:17"));
       f.vssd.plan->success = false;
     }},
    {"synced", judge_plan, Severity::kRisk,
     [](Facts& f) {
       f.vssd.plan->mounts.push_back(mount("/mnt/usb", MountAction::kSync, "8:17"));
       f.vssd.plan->summary.lower_grade = 1;
     }},
    {"synced", judge_plan, Severity::kGood,
     [](Facts& f) {
       f.vssd.plan->mounts.push_back(mount("/boot/efi", MountAction::kSync, "8:17"));
     }},
    {"excluded", judge_plan, Severity::kGood,
     [](Facts& f) {
       f.vssd.plan->mounts.push_back(mount("/scratch", MountAction::kExclude, "8:17"));
     }},
    {"plan-fails", judge_plan, Severity::kFailure,
     [](Facts& f) { f.vssd.plan->success = false, f.vssd.plan->reason = "too many"; }},
    {"nothing-to-hold", judge_plan, Severity::kFailure,
     [](Facts& f) { f.vssd.plan->summary.to_freeze = 0, lose_writer(f); }},
    {"writer-absent", judge_writers, Severity::kRisk, lose_writer},
    {"writer-absent", judge_writers, Severity::kFailure,
     [](Facts& f) { lose_writer(f), require_application(f); }},
    {"writer-busy", judge_writers, Severity::kRisk,
     [](Facts& f) { f.vssd.writers->writers[0].busy = true; }},
    {"no-writer", judge_writers, Severity::kGood,
     [](Facts& f) { f.vssd.writers->writers.clear(); }},
    {"no-writer", judge_writers, Severity::kFailure,
     [](Facts& f) { f.vssd.writers->writers.clear(), require_application(f); }},
};

template <std::size_t N>
void expect(const Case (&cases)[N]) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.code);
    Facts facts = good_machine();
    EXPECT_TRUE(test.judge(facts).findings.empty()) << "on a good machine";
    test.change(facts);
    const Check check = test.judge(facts);
    const auto found = std::ranges::find(check.findings, test.code, &Finding::code);
    ASSERT_NE(found, check.findings.end());
    EXPECT_EQ(to_text(check.verdict()), to_text(test.severity));
    EXPECT_FALSE(check.summary.empty());
    EXPECT_FALSE(found->what.empty());
    if (found->severity == Severity::kNote) continue;
    EXPECT_FALSE(found->why.empty());
    EXPECT_FALSE(found->mend.empty());
  }
}

TEST(JudgeService, FindsWhatItShould) {
  expect(kService);
}
TEST(JudgeMachine, FindsWhatItShould) {
  expect(kMachine);
}
TEST(JudgeHost, FindsWhatItShould) {
  expect(kHost);
}
TEST(JudgeFiles, FindsWhatItShould) {
  expect(kFiles);
}
TEST(JudgePlan, FindsWhatItShould) {
  expect(kPlan);
}

TEST(Judge, GoodMachineHasNoFindingAndEndsWithZero) {
  const Diagnosis diagnosis = judge(good_machine());
  for (const Check& check : diagnosis.checks)
    EXPECT_TRUE(check.findings.empty()) << check.name;
  EXPECT_EQ(diagnosis.checks.size(), 14U);
  EXPECT_EQ(exit_status_of(diagnosis), 0);
}

TEST(Judge, RisksEndWithOneAndFailuresWithThree) {
  Facts facts = good_machine();
  facts.manager = {};  // a note
  EXPECT_EQ(exit_status_of(judge(facts)), 0);
  facts.processes.push_back(process(7, "qemu-ga"));
  EXPECT_EQ(exit_status_of(judge(facts)), 1);
  lose_vssd(facts);
  EXPECT_EQ(exit_status_of(judge(facts)), 3);
}

TEST(JudgeDoor, OffMeansThatNothingIsAskedOfTheMachine) {
  Facts facts = good_machine();
  kHost[1].change(facts);
  facts.configuration.hyperv_door = config::HyperVDoor::kOff;
  EXPECT_TRUE(judge_door(facts).findings.empty());
}

TEST(JudgeMemory, AnotherMachinesVssdIsNotOurs) {
  Facts facts = good_machine();
  facts.processes.push_back(process(300, "vssd"));  // in a container
  facts.processes.back().locked_bytes = 0;
  EXPECT_TRUE(judge_memory(facts).findings.empty());
}

TEST(JudgeLeftovers, SlotsOfAServiceThatStillThawsAreItsOwn) {
  Facts facts = good_machine();
  lose_vssd(facts);
  facts.runtime.open_slots = 1;
  EXPECT_TRUE(judge_leftovers(facts).findings.empty());
}

TEST(JudgeLeftovers, SlotsOfAServiceThatThawedEverythingAreNoLeftovers) {
  Facts facts = good_machine();
  lose_vssd(facts);
  facts.processes.clear();
  EXPECT_TRUE(judge_leftovers(facts).findings.empty());
}

TEST(JudgePlan, APlainFreezerMakesNoneAndThatIsNoFailure) {
  Facts facts = good_machine();
  facts.vssd.status->freezer.plain = true;
  facts.vssd.plan.reset();
  const Check check = judge_plan(facts);
  EXPECT_TRUE(check.findings.empty());
  EXPECT_FALSE(check.known);
}

TEST(JudgeLeftovers, WhoWaitsWhileATransactionIsOpenWaitsForIt) {
  Facts facts = good_machine();
  facts.processes[0].waits_for_thaw = true;
  facts.vssd.status->transaction = base::TransactionId{7};
  EXPECT_TRUE(judge_leftovers(facts).findings.empty());
}

TEST(WillFreeze, GoesByTheNearestMountPoint) {
  records::PlanDocument plan;
  plan.mounts = {mount("/", MountAction::kFreeze, "8:1"), mount("/var", MountAction::kSkip, "0:40"),
                 mount("/var/log", MountAction::kCovered, "8:1")};
  EXPECT_TRUE(will_freeze(plan, "/etc"));
  EXPECT_TRUE(will_freeze(plan, "/variety"));
  EXPECT_FALSE(will_freeze(plan, "/var/lib"));
  EXPECT_TRUE(will_freeze(plan, "/var/log/journal"));  // a bind mount of what is frozen
  EXPECT_FALSE(will_freeze({}, "/etc"));
}

}  // namespace
}  // namespace vss::doctor
