// The command that runs while the guest is held.
#pragma once

#include <sys/types.h>

#include <string>

#include "hostsim/result.hpp"
#include "hostsim/unique_fd.hpp"

namespace hostsim {

class Child {
 public:
  // `sh -c command`; with `quiet_stdout` its output goes to stderr.
  static Result<Child> spawn(const std::string& command, bool quiet_stdout);

  // Readable once it has ended.
  int ended_fd() const { return pidfd_.get(); }
  // Its exit status, 128 + N after signal N. Waits for it.
  int collect();
  // Asks it to end; one that does not is killed.
  void terminate() const;

 private:
  Child(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  pid_t pid_;
  UniqueFd pidfd_;
};

}  // namespace hostsim
