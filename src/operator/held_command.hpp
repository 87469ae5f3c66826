// One transaction around a command: what `vssctl snapshot` and `vssctl rehearse` have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "operator/session.hpp"
#include "records/record.hpp"

namespace vss::operators {

struct HeldCommand {
  const TransactionOptions& options;
  std::string path;                // that is executed
  std::vector<std::string> words;  // its name and arguments
  std::string note;                // for the record
  bool want_record = false;
};

struct HeldOutcome {
  bool ran = false;                 // everything was held, and COMMAND started
  std::string problem;              // why the copy is not good; empty: nothing is known against it
  int execution_error = 0;          // errno: COMMAND could not be executed after all
  int status = 0;                   // COMMAND's own, where the hold lasted
  base::TransactionId transaction;  // also of one that was refused; none: it never began
  coordinator::Grade grade{};       // of what held until the thaw
  std::optional<records::TransactionRecord> record;
};

// Holds, runs, thaws, and waits until everything runs again; says nothing meanwhile. The error: it
// could not even be asked for. Terminates COMMAND, and does not wait for it, when the hold ends by
// itself.
base::Result<HeldOutcome> run_held(Session& session, const HeldCommand& what);

}  // namespace vss::operators
