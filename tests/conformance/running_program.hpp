// The program vssd itself, started with directories of its own.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/unique_fd.hpp"

namespace vss::conformance {

struct ProgramSettings {
  std::string configuration = {};           // the text of its configuration file
  std::vector<std::string> arguments = {};  // after the usual ones
  std::string runtime_directory = {};       // empty: one of its own
  std::string notify_socket = {};           // of its service manager; empty: none
  std::size_t descriptors_max = 0;          // a hard limit; 0: none but this process's
};

class RunningProgram {
 public:
  explicit RunningProgram(const ProgramSettings& settings = {});
  ~RunningProgram();

  bool wait_until_serving();
  int wait_for_exit();  // its exit status; -1: a signal, or not within 10 s
  void send_signal(int number);
  std::string output();  // standard error until now

  const std::string& directory() const { return directory_; }
  std::string socket(const char* name) const { return directory_ + "/" + name; }
  pid_t process() const { return process_; }

 private:
  std::string directory_;
  std::string own_directories_[2];
  std::string output_;
  base::UniqueFd error_;
  pid_t process_ = -1;
};

}  // namespace vss::conformance
