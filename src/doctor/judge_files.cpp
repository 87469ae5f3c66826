// Sockets, runtime directory and configuration: are they there, and who may do what with them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "doctor/judge.hpp"

namespace vss::doctor {
namespace {

constexpr std::uint32_t kOthersWrite = 0022;
constexpr std::string_view kDefaultRuntime = "/run/openvss";
// The sockets are units of their own: only with the target are they made again.
constexpr std::string_view kAll = "openvss.target";

// Root, the service's own user, and who runs vssd by hand.
bool is_ours(const Facts& facts, std::uint32_t user) {
  if (user == 0 || facts.service_user == user) return true;
  return std::ranges::any_of(facts.processes, [&](const ProcessFact& process) {
    return is_vssd(facts, process.id) && process.user == user;
  });
}

std::string mode_text(const FileFact& file) {
  return fmt::format("{} has mode {:04o}", file.path, file.mode);
}

void judge_app_socket(const Facts& facts, Check& check) {
  const FileFact& socket = facts.runtime.app_socket;
  const std::string mend = fmt::format("chown root:{0} {1} && chmod 0660 {1}",
                                       facts.configuration.socket_group, socket.path);
  if ((socket.mode & 0002U) != 0) {
    check.add({Severity::kRisk, "app-socket-open", mode_text(socket),
               "any user can take part: refuse a backup, or make it wait", mend});
  } else if ((socket.mode & 0060U) != 0060U ||
             (facts.socket_group && socket.group != *facts.socket_group)) {
    check.add({Severity::kRisk, "app-socket-closed",
               fmt::format("{} is not for group {}", socket.path, facts.configuration.socket_group),
               "applications cannot connect, unless they run as root", mend});
  }
}

}  // namespace

Check judge_sockets(const Facts& facts) {
  Check check{"sockets", "app, freezer and control, with the right modes"};
  const RuntimeFacts& runtime = facts.runtime;
  const std::array<const FileFact*, 3> sockets{&runtime.app_socket, &runtime.freezer_socket,
                                               &runtime.control_socket};
  std::string missing;
  for (const FileFact* socket : sockets) {
    if (socket->kind != FileKind::kSocket) {
      missing += (missing.empty() ? "" : ", ") + socket->path;
    } else if (!is_ours(facts, socket->user)) {
      check.add({Severity::kRisk, "socket-owner",
                 fmt::format("{} belongs to user {}", socket->path, socket->user),
                 "who owns it may answer in vssd's place",
                 fmt::format("rm {} && {}", socket->path, restart_command(facts, kAll))});
    }
  }
  if (!missing.empty()) {
    check.add({Severity::kFailure, "socket-missing", "not there: " + missing,
               "nobody can speak with vssd without it", restart_command(facts, kAll)});
  }
  if (runtime.app_socket.kind == FileKind::kSocket) judge_app_socket(facts, check);
  if (runtime.freezer_socket.kind == FileKind::kSocket &&
      (runtime.freezer_socket.mode & 0077U) != 0) {
    check.add({Severity::kRisk, "freezer-socket-open", mode_text(runtime.freezer_socket),
               "who connects there can say that it has frozen what it has not",
               "chmod 0600 " + runtime.freezer_socket.path});
  }
  if (runtime.control_socket.kind == FileKind::kSocket &&
      (runtime.control_socket.mode & 0006U) != 0006U) {
    check.add({Severity::kNote, "control-socket-closed",
               mode_text(runtime.control_socket) + ": not every user may ask for the status", "",
               "chmod 0666 " + runtime.control_socket.path});
  }
  if (check.verdict() != Severity::kGood) check.summary = "see below";
  return check;
}

namespace {

// The service's programs are not all root's, so that with units somebody else makes the directory.
std::string make_runtime_again(const Facts& facts) {
  const std::string make = has_units(facts) ? "systemd-tmpfiles --create openvss.conf && " : "";
  return make + restart_command(facts, kAll);
}

std::string put_runtime_into_memory(const Facts& facts) {
  const std::string& path = facts.runtime.directory.path;
  if (path != kDefaultRuntime) {
    return fmt::format("runtime_dir = \"{}\", then {}", kDefaultRuntime,
                       restart_command(facts, kAll));
  }
  return fmt::format("mount -t tmpfs -o mode=0751 tmpfs {} && {}", path, make_runtime_again(facts));
}

void judge_runtime(const Facts& facts, Check& check) {
  const FileFact& directory = facts.runtime.directory;
  if (directory.kind != FileKind::kDirectory) {
    check.add({Severity::kFailure, "runtime-missing", directory.path + " is not there",
               "sockets and slots are kept in it", make_runtime_again(facts)});
    return;
  }
  if (!directory.in_memory) {
    check.add({Severity::kFailure, "runtime-on-disk", directory.path + " is on no tmpfs",
               "a note written there while frozen would never return: the programs refuse it",
               put_runtime_into_memory(facts)});
  }
  if ((directory.mode & kOthersWrite) != 0) {
    check.add({Severity::kFailure, "runtime-open", mode_text(directory),
               "others could put their own sockets there: the programs refuse it",
               "chmod 0751 " + directory.path});
  }
  const FileFact& freezer = facts.runtime.freezer_directory;
  if (freezer.kind == FileKind::kDirectory &&
      ((freezer.mode & 0077U) != 0 || !is_ours(facts, freezer.user))) {
    check.add({Severity::kRisk, "freezer-directory-open",
               fmt::format("{}, owner {}", mode_text(freezer), freezer.user),
               "who can write there decides what recovery thaws",
               fmt::format("chown root {0} && chmod 0700 {0}", freezer.path)});
  }
}

bool service_can_read(const Facts& facts, const FileFact& file) {
  if ((file.mode & 0004U) != 0) return true;
  if (file.user == *facts.service_user) return (file.mode & 0400U) != 0;
  return facts.socket_group == file.group && (file.mode & 0040U) != 0;
}

}  // namespace

Check judge_files(const Facts& facts) {
  Check check{"files", ""};
  judge_runtime(facts, check);
  for (const FileFact& file : facts.runtime.configuration) {
    if ((file.mode & 0002U) != 0 || ((file.mode & 0020U) != 0 && file.group != 0)) {
      check.add({Severity::kRisk, "configuration-open", mode_text(file),
                 "who can write it decides what is left out of every copy",
                 fmt::format("chown root:root {0} && chmod 0644 {0}", file.path)});
    } else if (has_units(facts) && facts.service_user && !service_can_read(facts, file)) {
      check.add({Severity::kRisk, "configuration-unreadable",
                 file.path + " cannot be read by user vss",
                 "vssd runs as vss and will not start again", "chmod 0644 " + file.path});
    }
  }
  const std::size_t files = facts.runtime.configuration.size();
  check.summary = fmt::format(
      "{} {}, {}", facts.runtime.directory.path,
      facts.runtime.directory.in_memory ? "on tmpfs" : "not on tmpfs",
      files == 0 ? "no configuration file, all defaults"
                 : fmt::format("{} configuration file{}", files, files == 1 ? "" : "s"));
  return check;
}

}  // namespace vss::doctor
