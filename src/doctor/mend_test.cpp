// What mends a finding: the command that does so on this machine, and no other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "doctor/facts_for_test.hpp"
#include "doctor/judge.hpp"

namespace vss::doctor {
namespace {

using ::testing::AllOf;
using testing::file;
using testing::good_machine;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::process;
using ::testing::StartsWith;

constexpr const char* kUioBind = "vss-uio-bind";
constexpr base::TransactionId kTransaction{7};

std::string mend(Check (*judge)(const Facts&), const Facts& facts, std::string_view code) {
  const Check check = judge(facts);
  const auto found = std::ranges::find(check.findings, code, &Finding::code);
  return found == check.findings.end() ? "no " + std::string(code) : found->mend;
}

Facts by_hand() {
  Facts facts = good_machine();
  facts.manager = {};
  return facts;
}

Facts without_vssd(Facts facts) {
  facts.vssd = {};
  facts.vssd.unreachable = "cannot connect";
  return facts;
}

TEST(MendVssd, WhatStartsItIsWhatStartedIt) {
  EXPECT_EQ(mend(judge_vssd, without_vssd(good_machine()), "vssd-unreachable"),
            "systemctl start openvss.target");
  EXPECT_EQ(mend(judge_vssd, without_vssd(by_hand()), "vssd-unreachable"), "vssd --spawn");
}

TEST(MendVssd, OneThatHangsIsRestarted) {
  Facts facts = without_vssd(good_machine());
  facts.vssd.process = 100;
  EXPECT_EQ(mend(judge_vssd, facts, "vssd-unreachable"), "systemctl restart vssd.service");
}

TEST(MendVssd, ByHandASecondOneWouldBeRefusedAsLongAsTheFirstRuns) {
  Facts facts = by_hand();
  facts.vssd.status->freezer.connected = false;
  EXPECT_EQ(mend(judge_vssd, facts, "freezer-missing"), "kill 100, then vssd --spawn");
}

TEST(MendVssd, APlainFreezerHasToGoBeforeOursCanCome) {
  Facts facts = good_machine();
  facts.vssd.status->freezer.plain = true;
  facts.nodes.freezer_node_holders = std::vector<int>{7};
  EXPECT_EQ(mend(judge_vssd, facts, "freezer-plain"),
            "kill 7, then systemctl restart vss-freezer.service");
  facts.nodes.freezer_node_holders.reset();  // not root
  EXPECT_THAT(mend(judge_vssd, facts, "freezer-plain"), HasSubstr("/dev/hv_fsvss_dev"));
}

TEST(MendVssd, APlainFreezerIsNotKilledWhileSomethingOfItMayBeFrozen) {
  const auto mend_with = [](const std::function<void(records::StatusDocument&)>& change) {
    Facts facts = good_machine();
    facts.vssd.status->freezer.plain = true;
    facts.nodes.freezer_node_holders = std::vector<int>{7};
    change(*facts.vssd.status);
    return mend(judge_vssd, facts, "freezer-plain");
  };
  const auto waits = AllOf(HasSubstr("not now"), Not(HasSubstr("kill")));
  EXPECT_THAT(mend_with([](auto& status) { status.transaction = kTransaction; }), waits);
  EXPECT_THAT(mend_with([](auto& status) { status.left_frozen = kTransaction; }), waits);
  EXPECT_THAT(mend_with([](auto& status) { status.not_ready = "it has not thawed yet"; }), waits);
}

TEST(MendVssd, WhatADaemonLeftFrozenIsThawedByAnAdministratorOrByThatDaemon) {
  Facts facts = good_machine();
  facts.vssd.status->left_frozen = kTransaction;
  facts.vssd.status->not_ready = "may be frozen still";
  const auto mended = AllOf(StartsWith("fsfreeze -u MOUNTPOINT, then vssctl thaw --force"),
                            HasSubstr("start that daemon again"), Not(HasSubstr("restart")));
  EXPECT_THAT(mend(judge_vssd, facts, "left-frozen"), mended);
  EXPECT_THAT(mend(judge_vssd, facts, "vssd-not-ready"), StartsWith("no "));
  // Also where the daemon is gone, and in a transaction that waits for it.
  facts.vssd.status->freezer.connected = false;
  facts.vssd.status->transaction = kTransaction;
  EXPECT_THAT(mend(judge_vssd, facts, "left-frozen"), mended);
}

TEST(MendVssd, AConfigurationThatWasCorrectedIsReadByANewVssd) {
  Facts facts = good_machine();
  facts.vssd.status->standing_veto = "line 3: unknown key";
  facts.vssd.status->not_ready = facts.vssd.status->standing_veto;
  EXPECT_EQ(mend(judge_vssd, facts, "vssd-not-ready"), "systemctl restart vssd.service");
}

TEST(MendVssd, WhatMayBeFrozenIsThawedByAFreezerThatStarts) {
  Facts facts = good_machine();
  facts.vssd.status->not_ready = "the freezer is not clean";
  EXPECT_EQ(mend(judge_vssd, facts, "vssd-not-ready"),
            "systemctl restart vss-freezer.service; if that does not help: vssctl thaw --force");
}

TEST(MendUnits, WhereSystemdIsSilentItsCommandsAreNamedAndTheUnitsAreARisk) {
  Facts facts = good_machine();
  facts.manager.units.clear();
  facts.manager.silent = true;
  EXPECT_EQ(mend(judge_vssd, without_vssd(facts), "vssd-unreachable"),
            "systemctl start openvss.target");
  EXPECT_FALSE(judge_units(facts).known);
  EXPECT_EQ(judge_units(facts).verdict(), Severity::kRisk);
  EXPECT_THAT(mend(judge_units, facts, "units-unknown"), HasSubstr("systemctl status"));
}

TEST(MendUnits, WhatFailedTooOftenIsForgivenFirst) {
  Facts facts = good_machine();
  facts.manager.units[1].active = "inactive";
  EXPECT_EQ(mend(judge_units, facts, "unit-not-active"), "systemctl restart vssd.service");
  facts.manager.units[1].active = "failed";
  EXPECT_THAT(mend(judge_units, facts, "unit-not-active"),
              HasSubstr("systemctl reset-failed && systemctl restart openvss.target"));
}

TEST(MendLeftovers, WhatADaemonLeftFrozenIsTheOnlyThingThatARecoveryDoesNotThaw) {
  Facts facts = good_machine();
  facts.processes[0].waits_for_thaw = true;
  EXPECT_THAT(mend(judge_leftovers, facts, "waits-for-thaw"), StartsWith("vssctl thaw --force"));
  facts.vssd.status->not_ready = "no freezer is connected";
  EXPECT_THAT(mend(judge_leftovers, facts, "waits-for-thaw"), StartsWith("vssctl thaw --force"));
  facts.vssd.status->left_frozen = kTransaction;
  EXPECT_THAT(mend(judge_leftovers, facts, "waits-for-thaw"), StartsWith("fsfreeze -u MOUNTPOINT"));
}

TEST(MendDoor, StockDaemonIsStoppedAndAStrangerByItsNumber) {
  Facts facts = good_machine();
  facts.door.hv_vss = file("/dev/vmbus/hv_vss", FileKind::kDevice, 0600);
  facts.door.hv_vss_holders = std::vector<int>{7};
  facts.processes.push_back(process(7, "hv_vss_daemon"));
  for (const auto judge : {judge_door, judge_agents}) {
    const char* code = judge == judge_door ? "door-taken" : "foreign-agent";
    // Our units' condition keeps it from coming back; without them nothing but a mask does.
    facts.manager = good_machine().manager;
    EXPECT_EQ(mend(judge, facts, code), OPENVSS_LIBEXEC_DIR "/stop-hv-vss-daemon");
    facts.manager = {};
    EXPECT_EQ(mend(judge, facts, code), "systemctl mask --now hv-vss-daemon.service");
  }
  facts.processes.back().name = "hypervvssd";
  EXPECT_EQ(mend(judge_door, facts, "door-taken"), "systemctl mask --now hypervvssd.service");
  facts.processes.back().name = "stranger";
  EXPECT_EQ(mend(judge_door, facts, "door-taken"), "kill 7");
}

TEST(MendDoor, ADeviceThatVssdMayNotOpenIsGivenToIt) {
  Facts facts = good_machine();
  facts.door.hv_vss = file("/dev/vmbus/hv_vss", FileKind::kDevice, 0600);
  facts.door.hv_vss_holders = std::vector<int>{};
  EXPECT_THAT(mend(judge_door, facts, "door-not-open"),
              HasSubstr("udevadm trigger --settle /dev/vmbus/hv_vss"));
  facts.door.hv_vss.user = testing::kUser;
  EXPECT_EQ(mend(judge_door, facts, "door-not-open"), "systemctl restart vssd.service");
}

TEST(MendDoor, WhatBindsTheChannelIsNamedWhereItLies) {
  Facts facts = good_machine();
  facts.door.channel = ChannelFact{.driver = "uio_hv_generic"};
  EXPECT_THAT(mend(judge_door, facts, "door-bound-to-uio"),
              HasSubstr(std::string(kUioBind) + " restore"));
  facts.door.channel->driver = "";
  EXPECT_THAT(mend(judge_door, facts, "door-missing"),
              HasSubstr("modprobe hv_utils && " + std::string(kUioBind) + " restore"));
  facts.configuration.hyperv_door = config::HyperVDoor::kUio;
  EXPECT_EQ(mend(judge_door, facts, "door-not-bound"),
            "modprobe uio_hv_generic && " + std::string(kUioBind) +
                " bind && systemctl restart vssd.service");
}

TEST(MendNodes, TheModuleIsLoadedOnlyWhereItIsMissing) {
  Facts facts = good_machine();
  facts.nodes.nodes[0].kind = FileKind::kAbsent;
  EXPECT_EQ(mend(judge_nodes, facts, "node-missing"), "systemctl restart vssd.service");
  facts.nodes.cuse = false;
  EXPECT_EQ(mend(judge_nodes, facts, "node-missing"),
            "modprobe cuse, then systemctl restart vssd.service");
}

TEST(MendSockets, TheyAreMadeByTheTargetAndNotByVssd) {
  Facts facts = good_machine();
  facts.runtime.app_socket.kind = FileKind::kAbsent;
  EXPECT_EQ(mend(judge_sockets, facts, "socket-missing"), "systemctl restart openvss.target");
  facts.runtime.control_socket.user = 1234;
  EXPECT_EQ(mend(judge_sockets, facts, "socket-owner"),
            "rm /run/openvss/control.sock && systemctl restart openvss.target");
}

TEST(MendFiles, TheRuntimeDirectoryIsMadeByWhoMayAndKeptInMemory) {
  Facts facts = good_machine();
  facts.runtime.directory.kind = FileKind::kAbsent;
  EXPECT_EQ(mend(judge_files, facts, "runtime-missing"),
            "systemd-tmpfiles --create openvss.conf && systemctl restart openvss.target");
  facts = good_machine();
  facts.runtime.directory.in_memory = false;
  EXPECT_THAT(mend(judge_files, facts, "runtime-on-disk"),
              HasSubstr("mount -t tmpfs -o mode=0751 tmpfs /run/openvss"));
  facts.runtime.directory.path = "/srv/openvss";
  EXPECT_THAT(mend(judge_files, facts, "runtime-on-disk"),
              HasSubstr("runtime_dir = \"/run/openvss\""));
}

TEST(MendPlan, TooManyFilesystemsAreExcludedAndAllElseIsSaidByItsReason) {
  Facts facts = good_machine();
  facts.vssd.plan->success = false;
  facts.vssd.plan->reason =
      "300 filesystems would be frozen, and at most 256 can be: leave some out with `exclude`";
  EXPECT_EQ(mend(judge_plan, facts, "plan-fails"),
            "[filesystems] exclude = [\"MOUNTPOINT\"], then systemctl restart vssd.service");
  facts.vssd.plan->reason = "nobody knows which filesystem holds /: mount /proc";
  EXPECT_EQ(mend(judge_plan, facts, "plan-fails"),
            "what that names, then systemctl restart vss-freezer.service");
}

TEST(MendPlan, AnEmptyOneIsMendedByAWriterOrByLeavingLessOut) {
  Facts facts = good_machine();
  facts.vssd.plan->summary.to_freeze = 0;
  facts.vssd.writers->writers.clear();
  EXPECT_THAT(mend(judge_plan, facts, "nothing-to-hold"), Not(HasSubstr("exclude")));
  facts.vssd.plan->summary.excluded = 1;
  EXPECT_THAT(mend(judge_plan, facts, "nothing-to-hold"), HasSubstr("exclude"));
}

}  // namespace
}  // namespace vss::doctor
