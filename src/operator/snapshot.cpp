#include "operator/snapshot.hpp"

#include <cerrno>
#include <cstring>

#include "base/exit_status.hpp"
#include "operator/command.hpp"
#include "operator/held_command.hpp"
#include "records/blocking_command.hpp"
#include "records/render.hpp"

namespace vss::operators {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

int not_run(Messages& messages, const base::Error& error, int status) {
  messages.say("COMMAND was not run: " + error.message);
  return status;
}

void warn_of_blocking(Session& session, const Options& options) {
  const auto blocks = records::command_that_blocks(joined(options.command));
  if (!blocks || options.transaction.selection == wire::Selection::kNone) return;
  session.messages.say("warning: `" + std::string(*blocks) +
                       "` freezes by itself what it copies, and waits for the thaw of what is "
                       "frozen already; use --filesystems none");
}

int say_not_executed(Messages& messages, const Options& options, int error) {
  messages.say("`" + options.command[0] + "` could not be executed: " + std::strerror(error));
  return error == ENOENT ? base::kExitCommandNotFound : base::kExitCannotExecute;
}

int say_torn(Messages& messages, const Options& options, const HeldOutcome& outcome) {
  messages.say("the copy may be torn: " + outcome.problem);
  const auto blocks = records::command_that_blocks(joined(options.command));
  if (blocks && options.transaction.selection != wire::Selection::kNone) {
    messages.say("`" + std::string(*blocks) +
                 "` waits for the thaw of what it copies: use --filesystems none");
  }
  return base::kExitTorn;
}

int say_good(Messages& messages, const HeldOutcome& outcome) {
  messages.say("the copy is " + std::string(to_text(outcome.grade)) + "-consistent, transaction " +
               std::string(base::to_text(outcome.transaction).view()));
  return outcome.status;
}

}  // namespace

int snapshot(Session& session, const Options& options) {
  Messages& messages = session.messages;
  // A wrong name must not cost a freeze.
  const auto path = find_executable(options.command[0]);
  if (!path) {
    return not_run(
        messages, path.error(),
        path.error().os_errno == ENOENT ? base::kExitCommandNotFound : base::kExitCannotExecute);
  }
  warn_of_blocking(session, options);
  const auto outcome = run_held(session, {.options = options.transaction,
                                          .path = *path,
                                          .words = options.command,
                                          .note = joined(options.command),
                                          .want_record = options.verbose});
  if (!outcome) return not_run(messages, outcome.error(), base::kExitNotRun);
  if (!outcome->ran) return not_run(messages, {.message = outcome->problem}, base::kExitNotRun);
  if (outcome->execution_error != 0) {
    return say_not_executed(messages, options, outcome->execution_error);
  }
  const int status = outcome->problem.empty() ? say_good(messages, *outcome)
                                              : say_torn(messages, options, *outcome);
  if (outcome->record) messages.show(records::render_timeline(*outcome->record));
  return status;
}

}  // namespace vss::operators
