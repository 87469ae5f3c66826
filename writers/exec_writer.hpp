// The writer made of shell commands: vss-writer exec.
//
// PREPARE runs the prepare command and forks a child for each of the others; these exec when their
// moment comes. A command that overruns the time of its call is killed with its process group, and
// the answer is failure; only what releases (thaw, abort) is never killed: past its time the answer
// is failure and it runs on. If the writer itself is killed between FREEZE and the release, the
// child that waits for the abort runs the abort command.
//
// The commands' environment has VSS_TRANSACTION (for `vssctl explain`) and VSS_PHASE (prepare,
// freeze, thaw or abort). What they print goes to the writer's standard error once nothing is held.
#pragma once

#include <string>
#include <string_view>

#include "writers/console_writer.hpp"
#include "writers/output_buffer.hpp"
#include "writers/parked_command.hpp"

namespace vss::writers {

struct Commands {
  std::string prepare;  // empty: nothing to prepare
  std::string freeze;
  std::string thaw;
  std::string abort;  // empty: the thaw command, if the freeze command was started
};

class ExecWriter : public ConsoleWriter {
 public:
  ExecWriter(const Options& options, Commands commands);  // throws vss::Error

 protected:
  Answer check(const Request& request) override;
  Answer prepare(const Request& request) override;
  Answer freeze(const Request& request) override;
  Answer thaw(const Request& request) override;
  Answer abort(const Request& request) override;

 private:
  ParkedCommand park(const std::string& command, const char* phase, const Request& request);
  // Until it ends, or `deadline`: then an empty optional.
  std::optional<int> wait(ParkedCommand& command, BootClock::time_point deadline);
  Answer run_bounded(ParkedCommand& command, std::string_view what, const Request& request);
  Answer run_release(ParkedCommand& command, std::string_view what, const Request& request);
  Answer failed(std::string_view what, const std::string& problem) const;
  bool releasing_still();

  Commands commands_;
  CommandOutput output_;
  OutputBuffer printed_;
  ParkedCommand freeze_;
  ParkedCommand thaw_;
  ParkedCommand abort_;
  ParkedCommand releasing_;  // a release command that has overrun its time
};

}  // namespace vss::writers
