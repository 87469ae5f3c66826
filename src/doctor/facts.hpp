// What an examination found on this machine: plain values, gathered by operator/ and judged here.
//
// A fact that could not be read says so (an empty optional); judging never takes "not known" for
// "good", and never for "bad".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "config/configuration.hpp"
#include "records/documents.hpp"

namespace vss::doctor {

// What lies at a path. `kind` is kAbsent where nothing does, or nothing may be seen.
enum class FileKind : std::uint8_t { kAbsent, kFile, kDirectory, kSocket, kDevice, kOther };
struct FileFact {
  std::string path;
  FileKind kind = FileKind::kAbsent;
  std::uint32_t mode = 0;  // permission bits
  std::uint32_t user = 0, group = 0;
  bool in_memory = false;  // tmpfs or ramfs
};

struct ProcessFact {
  int id = 0;
  std::string name;  // as the kernel cuts it: at most 15 bytes
  std::uint32_t user = 0;
  std::uint64_t locked_bytes = 0;
  bool waits_for_thaw = false;  // sleeps in the kernel where writers to a frozen filesystem sleep
};

// One unit as `systemctl show` tells (units.hpp).
struct UnitFact {
  std::string name;
  std::string load;     // "loaded", "not-found", "masked"
  std::string active;   // "active", "inactive", "failed", "activating"
  std::string enabled;  // "enabled", "disabled", "static", ""
  std::string sub;  // of a socket: "listening" while systemd has it, "running" once it is served
  std::string listens;  // of a socket: its path
};

struct KernelFacts {
  std::string release;
  config::KernelLimits limits;
};

// The Hyper-V host's channel in this guest, where there is one.
struct ChannelFact {
  std::string driver;  // "hv_utils", "uio_hv_generic", or empty
};
struct DoorFacts {
  std::optional<ChannelFact> channel;
  std::string uio_refusal;  // why this kernel cannot serve `uio`; empty: it can
  FileFact hv_vss;          // /dev/vmbus/hv_vss
  // Who has it open; nothing: only root can see that.
  std::optional<std::vector<int>> hv_vss_holders;
  bool qemu_agent_port = false;  // a QEMU host offers its guest agent's channel
};

// The device nodes for programs written for the original.
struct NodeFacts {
  bool cuse = false;  // /dev/cuse is there
  std::vector<FileFact> nodes;
  // Who has hv_fsvss_dev open, a plain freezer; nothing: only root can see that.
  std::optional<std::vector<int>> freezer_node_holders;
};

struct RuntimeFacts {
  FileFact directory;
  FileFact freezer_directory;
  FileFact slots;                         // seen by root only
  std::optional<std::size_t> open_slots;  // nothing: no slots that this version can read
  FileFact app_socket, freezer_socket, control_socket;
  std::vector<FileFact> configuration;  // the files that were read
};

struct ServiceManagerFacts {
  bool systemd = false;  // runs this machine
  bool silent = false;   // it does, and did not say in time which units there are
  std::vector<UnitFact> units;
};

// Where logs are kept, by their real paths; empty: not there.
struct LogFacts {
  std::string journal;  // of systemd-journald, when it is persistent
  std::string audit;    // of auditd
};

// What vssd answered. Without it most other facts still stand.
struct VssdFacts {
  std::string unreachable;  // why there was no answer, or nobody was asked; empty: there was
  int process = 0;          // who answers on control.sock
  std::optional<records::StatusDocument> status;
  std::optional<records::WritersDocument> writers;
  std::optional<records::PlanDocument> plan;
  std::string plan_refused;  // why there is no plan
};

struct Facts {
  config::Configuration configuration;
  std::optional<std::uint32_t> service_user, socket_group;  // "vss" and socket_group by number
  VssdFacts vssd;
  KernelFacts kernel;
  DoorFacts door;
  NodeFacts nodes;
  RuntimeFacts runtime;
  ServiceManagerFacts manager;
  std::vector<ProcessFact> processes;
  LogFacts logs;
};

}  // namespace vss::doctor
