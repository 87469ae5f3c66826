// COMMAND of `vssctl snapshot`: forked and parked before anything is frozen, executed while held.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::operators {

// The path that will be executed, looked up in PATH as env(1) would. On error os_errno is ENOENT
// (not found) or why it cannot be executed.
base::Result<std::string> find_executable(const std::string& name);

// A child in a process group of its own. It waits for start(); when its parent goes away before, it
// ends without having done anything. Nothing here waits for the child's end.
class ParkedCommand {
 public:
  // Forks: before memory is locked, signals are taken and anything is asked of vssd.
  static base::Result<ParkedCommand> park(const std::string& path,
                                          const std::vector<std::string>& arguments);

  ParkedCommand(ParkedCommand&&) noexcept = default;
  ParkedCommand& operator=(ParkedCommand&&) noexcept = delete;

  // Executes it, and gives it the terminal where vssctl has it.
  void start();

  // Readable once the child has ended.
  int ended_fd() const { return process_.get(); }
  // After that: the status of the shell's convention (128+N when killed by signal N). Reaps; call
  // once.
  int wait_status();

  // After the end: the errno with which the execution failed, or 0.
  int execution_error();

  // SIGTERM to the process group (and SIGCONT, so that a stopped one hears it).
  void terminate();

  // Takes the terminal back, where start() gave it away.
  void take_terminal_back();

 private:
  ParkedCommand(pid_t pid, base::UniqueFd process, base::UniqueFd go, base::UniqueFd error)
      : pid_(pid), process_(std::move(process)), go_(std::move(go)), error_(std::move(error)) {}

  pid_t pid_;
  base::UniqueFd process_;  // pidfd
  base::UniqueFd go_;       // closed without a byte: the child ends
  base::UniqueFd error_;    // the errno of a failed execution; its end: executed
  bool gave_terminal_ = false;
};

}  // namespace vss::operators
