// A shell command whose process exists before it is needed.
//
// While filesystems are frozen nothing should fork: the child is made in PREPARE, waits on a pipe,
// and only execs when it is told to. It runs in a process group of its own, reads from /dev/null,
// and what it prints goes to the writer.
#pragma once

#include <sys/types.h>
#include <vss/writer.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace vss::writers {

// The pipe into which all commands of a writer print, and the signal that tells of their end. One
// object per process, for it takes over SIGCHLD and ignores SIGPIPE; the process must be
// single-threaded.
class CommandOutput {
 public:
  CommandOutput();  // throws vss::Error
  ~CommandOutput();
  CommandOutput(const CommandOutput&) = delete;
  CommandOutput& operator=(const CommandOutput&) = delete;

  int read_end() const { return pipe_[0]; }
  int write_end() const { return pipe_[1]; }
  // Waits for output, a child's end, another signal, or `deadline`.
  void wait(BootClock::time_point deadline) const;

 private:
  int pipe_[2] = {-1, -1};
};

class ParkedCommand {
 public:
  struct Setting {
    std::string command;            // for /bin/sh -c
    std::string phase;              // VSS_PHASE in its environment
    std::uint64_t transaction = 0;  // VSS_TRANSACTION, as vssctl prints it
    pid_t victim = 0;               // see arm()
  };

  ParkedCommand() = default;  // nothing
  // Forks. Throws vss::Error when it cannot. `output` must outlive the command's start.
  ParkedCommand(const Setting& setting, const CommandOutput& output);
  ParkedCommand(ParkedCommand&& other) noexcept { *this = std::move(other); }
  ParkedCommand& operator=(ParkedCommand&& other) noexcept;
  // A command that was not started exits without having run. One that runs is left alone.
  ~ParkedCommand();

  bool exists() const { return pid_ > 0; }
  bool started() const { return started_; }
  pid_t process() const { return pid_; }

  // From now on, should the writer die, the child runs the command by itself. Before, it kills the
  // process group of `victim`, unless it has been told that the victim has ended.
  void arm();
  void victim_ended();
  void start();

  // The command's wait status once it has ended, and forever after.
  std::optional<int> status();
  // Kills its process group and waits for its end.
  void kill();

 private:
  void tell(char what);
  pid_t pid_ = 0;
  int pipe_ = -1;
  bool started_ = false;
  std::optional<int> status_;
};

// One sentence on how a command ended; empty for success.
std::string problem_of(int wait_status);

}  // namespace vss::writers
