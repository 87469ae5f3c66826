// The command `backup`: what a host does to take one, and what came of it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "hostsim/conversation.hpp"

namespace hostsim {

struct BackupOptions {
  std::string command;  // run by sh while the guest is held; empty: none
  std::chrono::milliseconds hold{0};
  unsigned repeat = 1;
  bool json = false;
};

struct Round {
  bool ok = false;
  std::vector<StepReport> steps;
  std::optional<int> command_status;
  std::chrono::microseconds held{0};  // from FREEZE's answer to THAW
};

// Rounds on one host; a channel is negotiated once.
class Backup {
 public:
  // Lines as they come; nothing is printed without.
  using Print = std::function<void(const std::string&)>;

  Backup(Host& host, BackupOptions options, Print print);

  // An error: no guest came, or the user wants to leave; then nothing stays frozen.
  Result<Round> round();

 private:
  Result<bool> negotiated();
  Result<bool> freeze_and_thaw();
  Result<bool> hold();
  Result<int> run_command();
  Result<StepReport> thaw();
  void note(const StepReport& report);

  Host& host_;
  BackupOptions options_;
  Print print_;
  Conversation conversation_;
  Round round_;
  std::uint64_t negotiated_channel_ = 0;
};

// All rounds, printed. The exit status.
int run_backup(Host& host, const BackupOptions& options);

}  // namespace hostsim
