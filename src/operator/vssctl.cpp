#include "operator/vssctl.hpp"

#include "base/exit_status.hpp"
#include "operator/command_line.hpp"
#include "operator/doctor.hpp"
#include "operator/inspect.hpp"
#include "operator/rehearse.hpp"
#include "operator/session.hpp"
#include "operator/snapshot.hpp"
#include "operator/transactions.hpp"
#include "platform/console.hpp"

namespace vss::operators {
namespace {

int run(const Options& options) {
  auto session = open_session(options);
  if (!session) {
    Messages messages;
    messages.show(session.error().message + '\n');
    return options.verb == Verb::kSnapshot ? base::kExitNotRun
                                           : base::exit_status_of(session.error());
  }
  switch (options.verb) {
    case Verb::kStatus:
    case Verb::kWriters:
    case Verb::kPlan:
    case Verb::kHistory:
    case Verb::kExplain: return inspect(*session, options);
    case Verb::kCheck: return check(*session, options);
    case Verb::kSnapshot: return snapshot(*session, options);
    case Verb::kHold: return hold(*session, options);
    case Verb::kRelease: return release(*session, options);
    case Verb::kThaw: return thaw(*session, options);
    case Verb::kDoctor: return doctor_command(*session, options);
    case Verb::kRehearse: return rehearse(*session, options);
  }
  return base::kExitUsage;
}

}  // namespace

int run_vssctl(int argument_count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + argument_count);
  const auto parsed = parse_command_line(words);
  if (const auto* options = std::get_if<Options>(&parsed)) return run(*options);
  const auto& ending = std::get<Ending>(parsed);
  if (ending.status != base::kExitYes) {
    Messages().show(ending.text);
  } else if (!platform::print_all(ending.text)) {
    return base::kExitNo;
  }
  return ending.status;
}

}  // namespace vss::operators
