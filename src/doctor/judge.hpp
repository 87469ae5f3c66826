// From facts to checks: each a pure function of what was found, called by examine() in this order.
#pragma once

#include <string>
#include <string_view>

#include "doctor/facts.hpp"
#include "doctor/finding.hpp"

namespace vss::doctor {

Check judge_vssd(const Facts& facts);       // answers, is ready, has freezer and guardian
Check judge_kernel(const Facts& facts);     // is new enough
Check judge_limits(const Facts& facts);     // lets writers wait for as long as a hold may last
Check judge_door(const Facts& facts);       // the host's way in
Check judge_nodes(const Facts& facts);      // for programs written for the original
Check judge_sockets(const Facts& facts);    // are there, for whom they should
Check judge_files(const Facts& facts);      // runtime directory and configuration
Check judge_units(const Facts& facts);      // will run again after the next boot, or crash
Check judge_memory(const Facts& facts);     // is locked
Check judge_plan(const Facts& facts);       // every veto, every lowered grade
Check judge_writers(const Facts& facts);    // who should be here is
Check judge_agents(const Facts& facts);     // nobody else freezes
Check judge_logs(const Facts& facts);       // what a frozen log would stop
Check judge_leftovers(const Facts& facts);  // nothing is frozen that nobody will thaw

// All of them.
Diagnosis judge(const Facts& facts);

// What several of them ask.

// The package's units are there, or may be: where systemd is silent they are taken for granted.
bool has_units(const Facts& facts);
// Commands that start all of the service, and that start one unit of it again; by hand there is
// only the whole.
std::string start_command(const Facts& facts);
std::string restart_command(const Facts& facts, std::string_view unit);
// The command after which a stock daemon leaves the host's door alone; empty: it is none of these.
std::string stop_stock_daemon(const Facts& facts, std::string_view process);
// Of vssd itself: who answers on control.sock.
bool is_vssd(const Facts& facts, int process);
// "name (process 12)", and more of them with commas.
std::string names_of(const std::vector<const ProcessFact*>& processes);
// There is somebody to plan, who has time: vss-freezer, outside a transaction. operator/ asks then.
bool can_plan(const records::StatusDocument& status);
// The plan freezes the filesystem on which this path lies.
bool will_freeze(const records::PlanDocument& plan, std::string_view path);

}  // namespace vss::doctor
