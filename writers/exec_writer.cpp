#include "writers/exec_writer.hpp"

#include <unistd.h>

#include <utility>

namespace vss::writers {

ExecWriter::ExecWriter(const Options& options, Commands commands)
    : ConsoleWriter(options), commands_(std::move(commands)) {}

Answer ExecWriter::check(const Request&) {
  if (releasing_still()) return no("the thaw command of the last transaction is still running");
  return yes();
}

Answer ExecWriter::prepare(const Request& request) {
  if (releasing_still()) return no("the thaw command of the last transaction is still running");
  if (!commands_.prepare.empty()) {
    ParkedCommand prepare = park(commands_.prepare, "prepare", request);
    const Answer answer = run_bounded(prepare, "prepare", request);
    printed_.flush(STDERR_FILENO);
    if (!answer.success) return answer;
  }
  freeze_ = park(commands_.freeze, "freeze", request);
  thaw_ = park(commands_.thaw, "thaw", request);
  abort_ = park(commands_.abort.empty() ? commands_.thaw : commands_.abort, "abort", request);
  return yes();
}

Answer ExecWriter::freeze(const Request& request) {
  if (!freeze_.exists()) return no("nothing was prepared");
  abort_.arm();
  Answer answer = run_bounded(freeze_, "freeze", request);
  abort_.victim_ended();
  return answer;
}

Answer ExecWriter::thaw(const Request& request) {
  const bool frozen = freeze_.started();
  freeze_ = {};
  Answer answer = frozen ? run_release(thaw_, "thaw", request) : yes();
  thaw_ = {};
  abort_ = {};
  return answer;
}

Answer ExecWriter::abort(const Request& request) {
  const bool wanted = freeze_.started() || (abort_.exists() && !commands_.abort.empty());
  freeze_ = {};
  thaw_ = {};
  Answer answer = wanted ? run_release(abort_, "abort", request) : yes();
  abort_ = {};
  return answer;
}

ParkedCommand ExecWriter::park(const std::string& command, const char* phase,
                               const Request& request) {
  return ParkedCommand({.command = command,
                        .phase = phase,
                        .transaction = request.transaction,
                        .victim = freeze_.process()},
                       output_);
}

std::optional<int> ExecWriter::wait(ParkedCommand& command, BootClock::time_point deadline) {
  for (;;) {
    const auto status = command.status();
    printed_.drain(output_.read_end());
    if (status || BootClock::now() >= deadline) return status;
    output_.wait(deadline);
  }
}

Answer ExecWriter::run_bounded(ParkedCommand& command, std::string_view what,
                               const Request& request) {
  command.start();
  const auto status = wait(command, work_deadline(request.reply_deadline));
  if (!status) {
    command.kill();
    printed_.drain(output_.read_end());
    return failed(what, "took too long and was killed; give it time with --timeout");
  }
  const std::string problem = problem_of(*status);
  return problem.empty() ? yes() : failed(what, problem);
}

Answer ExecWriter::run_release(ParkedCommand& command, std::string_view what,
                               const Request& request) {
  command.start();
  const auto status = wait(command, work_deadline(request.reply_deadline));
  releasing_ = std::exchange(command, {});
  // The application was held until now, and that is what the copy asks; how long it takes to come
  // back is its own matter.
  if (!status) return yes();
  const std::string problem = problem_of(*status);
  const Answer answer = problem.empty() ? yes() : failed(what, problem);
  printed_.flush(STDERR_FILENO);
  return answer;
}

Answer ExecWriter::failed(std::string_view what, const std::string& problem) const {
  std::string reason = "the " + std::string(what) + " command " + problem;
  const std::string_view said = printed_.last_line();
  if (!said.empty()) reason += ": " + std::string(said.substr(0, 120));
  return no(std::move(reason));
}

bool ExecWriter::releasing_still() {
  if (!releasing_.exists() || releasing_.status()) return false;
  printed_.drain(output_.read_end());
  return true;
}

}  // namespace vss::writers
